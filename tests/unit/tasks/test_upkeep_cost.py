"""What is asked every few seconds costs the same however many photos wait or are done."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from tasks.jobs import Jobs, NewItem
from tasks.store.models import items
from tasks.store.session import Store

QUESTIONS: dict[str, Callable[[Jobs], Any]] = {
    "waiting": lambda jobs: jobs.waiting(),
    "owners": lambda jobs: jobs.owners(),
    "release_expired": lambda jobs: jobs.release_expired(),
    "listings": lambda jobs: jobs.listings(),
    "draw": lambda jobs: jobs.draw("asker/1#1", "bulk", 16, 600),
}
STEP = 100


def grow(store: Store, job_id: str, count: int, state: str) -> None:
    """Add items to a job as a listing, or its workers, would have done."""
    rows = [{"job_id": job_id, "name": f"{state}{n}", "path": f"/{n}", "state": state} for n in range(count)]
    with store.write() as connection:
        connection.execute(insert(items), rows)


def steps(store: Store, ask: Callable[[], Any]) -> int:
    """Instructions of SQLite's machine, in hundreds, that a question takes."""
    count = 0

    def on_progress() -> int:
        nonlocal count
        count += 1
        return 0

    with store.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.set_progress_handler(on_progress, STEP)
    try:
        ask()
    finally:
        raw.set_progress_handler(None, 0)
    return count


def read_all(store: Store) -> None:
    with store.read() as connection:
        connection.execute(select(func.count()).where(items.c.name != "")).all()


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_upkeep_costs_no_more_with_100000_photos(store: Store, name: str) -> None:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("SQLite counts its steps")
    jobs = Jobs(store)
    job = jobs.create(
        "library", ["probe"], listing=True, new_items=[NewItem(f"p{n}", path=f"/p{n}") for n in range(64)]
    )
    jobs.draw("worker/1#1", "bulk", 16, 600)
    few = steps(store, lambda: QUESTIONS[name](jobs))
    jobs.release("asker/1#1")
    grow(store, job, 50_000, "queued")
    grow(store, job, 50_000, "done")
    many = steps(store, lambda: QUESTIONS[name](jobs))
    assert steps(store, lambda: read_all(store)) > 1000, "what looks at every photo is seen to cost"
    assert few < 100
    assert many <= few + 20, f"{few * STEP} instructions with 64 photos, {many * STEP} with 100,000"
