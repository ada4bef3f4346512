"""The job state machine, on a real store."""

import random
import time
from typing import Any

import pytest
from sqlalchemy import func, select

from tasks import events, results, retention, views
from tasks.errors import JobUnknown, QueueFull, WrongState
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store import models as tables
from tasks.store.session import Store

DONE = Outcome(results={}, sha256="a" * 64, width=1, height=1)
FAILED = Outcome(error_code="not_a_picture", error_message="No.")


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store)


def new(count: int, prefix: str = "p") -> list[NewItem]:
    return [NewItem(f"{prefix}{n}", path=f"/{prefix}{n}") for n in range(count)]


def counts(jobs: Jobs, job: str) -> dict[str, int]:
    found: dict[str, int] = views.job(jobs.store, job)["counts"]
    assert found["total"] == sum(found[k] for k in ("queued", "running", "done", "failed", "cancelled"))
    return found


def state(jobs: Jobs, job: str) -> str:
    found: str = views.job(jobs.store, job)["state"]
    return found


def test_a_job_runs_when_drawn_and_completes_with_its_last_item(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(2))
    assert state(jobs, job) == "queued"
    lease = jobs.draw("w/1#1", "bulk", 16, 60)
    assert lease is not None
    assert (lease.job_id, lease.tasks, len(lease.items)) == (job, ("ocr",), 2)
    assert state(jobs, job) == "running"
    assert jobs.finish(lease.items[0].id, DONE)
    assert state(jobs, job) == "running"
    assert jobs.finish(lease.items[1].id, FAILED)
    assert state(jobs, job) == "completed"
    assert counts(jobs, job)["failed"] == 1


def test_an_item_that_is_finished_twice_is_seen_once(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    lease = jobs.draw("w/1#1", "bulk", 16, 60)
    assert lease is not None
    assert jobs.finish(lease.items[0].id, DONE)
    assert not jobs.finish(lease.items[0].id, FAILED)
    page, over = events.frames(jobs.store, job, 0)
    assert [frame["type"] for frame in page] == ["start", "item", "end"]
    assert over


def test_an_empty_job_is_complete_at_once(jobs: Jobs) -> None:
    assert state(jobs, jobs.create("photos", ["ocr"])) == "completed"


def test_two_jobs_are_drawn_in_turn(jobs: Jobs) -> None:
    first, second = (jobs.create("photos", ["ocr"], new_items=new(4)) for _ in range(2))
    drawn = [jobs.draw("w/1#1", "bulk", 1, 60) for _ in range(4)]
    assert [lease.job_id for lease in drawn if lease] == [first, second, first, second]


def test_priorities_are_drawn_apart(jobs: Jobs) -> None:
    jobs.create("photos", ["ocr"], new_items=new(1), priority="bulk")
    assert jobs.draw("w/1#1", "interactive", 1, 60) is None


def drawn_names(jobs: Jobs, owner: str, limit: int = 16) -> list[str]:
    lease = jobs.draw(owner, "bulk", limit, 60)
    return [item.name for item in lease.items] if lease else []


def test_what_a_worker_held_when_it_died_is_drawn_last_and_in_halves(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(4))
    assert drawn_names(jobs, "dead/1#1") == ["p0", "p1", "p2", "p3"]
    jobs.add_items(job, [NewItem("fresh")])
    assert jobs.release_dead("dead/1#1") == 4
    assert drawn_names(jobs, "w/1#1") == ["fresh"]
    assert drawn_names(jobs, "w/1#2") == ["p0", "p1"]
    assert jobs.release_dead("w/1#2") == 2
    assert drawn_names(jobs, "w/1#3") == ["p2", "p3"]
    assert [drawn_names(jobs, f"w/1#{n}") for n in (4, 5, 6)] == [["p0"], ["p1"], []]


def test_a_photo_is_spent_once_it_was_started_so_often_and_alone_at_last(jobs: Jobs) -> None:
    jobs.create("photos", ["ocr"], new_items=new(2))
    seen = []
    for n in range(5):
        lease = jobs.draw(f"dead/{n}#1", "bulk", 16, 60)
        assert lease is not None
        seen.append([(item.name, item.spent(2)) for item in lease.items])
        jobs.release_dead(f"dead/{n}#1")
    together, *alone = seen
    assert together == [("p0", False), ("p1", False)]
    assert alone == [[("p0", False)], [("p1", False)], [("p0", True)], [("p0", True)]]


def test_what_is_given_back_in_order_was_no_attempt(jobs: Jobs) -> None:
    jobs.create("photos", ["ocr"], new_items=new(2))
    assert drawn_names(jobs, "w/1#1") == ["p0", "p1"]
    assert jobs.release("w/1#1") == 2
    lease = jobs.draw("w/1#2", "bulk", 16, 60)
    assert lease is not None
    assert [(item.name, item.attempts) for item in lease.items] == [("p0", 0), ("p1", 0)]


def test_how_a_worker_died_is_told_to_the_next_one_and_forgotten_when_it_went_well(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    assert drawn_names(jobs, "dead/1#1") == ["p0"]
    jobs.release_dead("dead/1#1", "SIGSEGV")
    lease = jobs.draw("w/1#1", "bulk", 16, 60)
    assert lease is not None
    assert lease.items[0].error_message == "SIGSEGV"
    jobs.finish(lease.items[0].id, DONE)
    assert [line["error"] for line in views.finished(jobs.store, job, 0, 10)] == [None]


def test_a_lease_is_held_only_by_its_owner_and_only_while_its_job_runs(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    assert drawn_names(jobs, "w/1#1") == ["p0"]
    assert jobs.hold(job, "w/1#1", 60)
    assert not jobs.hold(job, "somebody/else", 60)
    jobs.pause(job)
    assert not jobs.hold(job, "w/1#1", 60)
    jobs.resume(job)
    assert jobs.hold(job, "w/1#1", 60)


def test_a_lease_that_is_held_does_not_run_out(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    assert jobs.draw("w/1#1", "bulk", 1, 0.01) is not None
    assert jobs.hold(job, "w/1#1", 60)
    assert jobs.release_expired() == 0


def test_several_items_finish_at_once_with_their_results_and_gapless_frames(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(3))
    lease = jobs.draw("w/1#1", "bulk", 16, 60)
    assert lease is not None
    ids = [item.id for item in lease.items]
    same = results.Finding("ocr", "m", "1", 9, 9, {"lines": []})
    found = Outcome(sha256="a" * 64, width=9, height=9, found=(same,))  # two alike photos share one result
    assert jobs.finish_all(job, [(ids[0], found), (ids[1], found)]) == ids[:2]
    assert jobs.finish_all(job, [(ids[1], FAILED), (ids[2], FAILED)]) == ids[2:]
    page, over = events.frames(jobs.store, job, 0)
    assert [frame["seq"] for frame in page] == [1, 2, 3, 4, 5, 6]
    assert [frame["type"] for frame in page] == ["start", "item", "item", "progress", "item", "end"]
    assert over
    assert counts(jobs, job) == {
        "total": 3,
        "queued": 0,
        "running": 0,
        "done": 2,
        "failed": 1,
        "cancelled": 0,
        "cached": 0,
    }
    with jobs.store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.results)) == 1


def test_items_of_a_job_that_expired_meanwhile_are_passed_over(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    lease = jobs.draw("w/1#1", "bulk", 16, 60)
    assert lease is not None
    jobs.cancel(job)
    retention.remove_jobs(jobs.store, [job])  # nothing, as it is not marked
    assert state(jobs, job) == "cancelled"
    assert retention.remove_jobs(jobs.store, retention.expire_jobs(jobs.store, time.time() + 1)) > 1
    assert jobs.finish_all(job, [(lease.items[0].id, DONE)]) == []


def test_a_lease_that_ran_out_is_given_to_another(jobs: Jobs) -> None:
    jobs.create("photos", ["ocr"], new_items=new(2))
    assert jobs.draw("gone/1#1", "bulk", 16, -1) is not None
    assert jobs.release_expired() == 2
    assert jobs.draw("w/1#1", "bulk", 16, 60) is not None


def test_nothing_is_drawn_from_a_paused_job(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    jobs.pause(job)
    assert jobs.draw("w/1#1", "bulk", 1, 60) is None
    jobs.resume(job)
    assert jobs.draw("w/1#1", "bulk", 1, 60) is not None


def test_what_runs_while_its_job_is_cancelled_is_not_recorded(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(2))
    lease = jobs.draw("w/1#1", "bulk", 1, 60)
    assert lease is not None
    jobs.cancel(job)
    assert not jobs.finish(lease.items[0].id, DONE)
    assert counts(jobs, job)["cancelled"] == 2
    assert state(jobs, job) == "cancelled"


def test_failed_items_are_retried_and_frames_run_on(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    lease = jobs.draw("w/1#1", "bulk", 1, 60)
    assert lease is not None
    jobs.finish(lease.items[0].id, FAILED)
    jobs.retry(job)
    again = jobs.draw("w/1#1", "bulk", 1, 60)
    assert again is not None
    jobs.finish(again.items[0].id, DONE)
    page, over = events.frames(jobs.store, job, 0)
    assert [frame["seq"] for frame in page] == list(range(1, len(page) + 1))
    assert [frame["type"] for frame in page].count("end") == 2
    assert over
    with pytest.raises(WrongState, match="Nothing failed"):
        jobs.retry(job)


def test_a_frame_tells_the_same_whenever_it_is_read(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(2))
    first: list[dict[str, Any]] = []

    def read() -> None:
        first.extend(events.frames(jobs.store, job, len(first))[0])

    def fail_one(_job: str) -> None:
        lease = jobs.draw("w/1#1", "bulk", 1, 60)
        assert lease is not None
        jobs.finish(lease.items[0].id, FAILED)

    for step in (jobs.pause, jobs.resume, fail_one, jobs.cancel, jobs.retry, jobs.cancel):
        step(job)
        read()
    again = [{**frame} for frame in events.frames(jobs.store, job, 0)[0]]
    assert [frame.pop("retried", False) for frame in again].count(True) == 1, "what was tried again since says so"
    assert again == first
    told = [frame["state"] for frame in first if frame["type"] in ("progress", "end")]
    assert told == ["paused", "running", "running", "cancelled", "queued", "cancelled"]


def test_calls_that_do_not_fit_the_state_are_refused(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"])
    for action in (jobs.pause, jobs.resume, jobs.cancel):
        with pytest.raises(WrongState):
            action(job)
    with pytest.raises(JobUnknown):
        jobs.cancel("none")


def test_a_listing_that_runs_twice_adds_nothing_twice(jobs: Jobs) -> None:
    job = jobs.create("library", ["ocr"], listing=True)
    jobs.add_items(job, new(3))
    jobs.add_items(job, new(4))
    assert counts(jobs, job)["total"] == 4
    assert state(jobs, job) == "queued"
    jobs.finish_listing(job)
    assert state(jobs, job) == "queued"


def test_a_job_that_could_not_run_at_all_failed(jobs: Jobs) -> None:
    job = jobs.create("library", ["ocr"], listing=True)
    jobs.finish_listing(job, ("path_not_found", "Gone."))
    assert state(jobs, job) == "failed"
    assert views.job(jobs.store, job)["error"] == {"code": "path_not_found", "message": "Gone."}


def test_too_many_unfinished_jobs_are_refused(jobs: Jobs) -> None:
    jobs.create("photos", ["ocr"], new_items=new(1))
    with pytest.raises(QueueFull) as refused:
        jobs.create("photos", ["ocr"], new_items=new(1), limit=1)
    assert refused.value.retry_after > 0


STEPS = ("draw", "hold", "finish", "finish", "twice", "release", "expire", "pause", "resume", "retry", "cancel")


@pytest.mark.parametrize("seed", range(12))
def test_counts_add_up_and_frames_have_no_gaps_whatever_happens(jobs: Jobs, seed: int) -> None:
    chance = random.Random(seed)
    job = jobs.create("photos", ["ocr"], new_items=new(12))
    held: list[int] = []
    for _ in range(60):
        step = chance.choice(STEPS)
        if step == "cancel" and chance.random() < 0.8:
            continue
        try:
            if step == "draw":
                lease = jobs.draw("w/1#1", "bulk", chance.randint(1, 4), 60)
                held += [item.id for item in lease.items] if lease else []
            elif step in ("finish", "twice") and held:
                item = chance.choice(held)
                jobs.finish(item, chance.choice((DONE, FAILED)))
                if step == "twice":
                    assert not jobs.finish(item, DONE)
            elif step == "hold":
                jobs.hold(job, "w/1#1", chance.choice((-1, 60)))
            elif step == "release":
                jobs.release("w/1#1")
            elif step == "expire":
                jobs.release_expired()
            elif step in ("pause", "resume", "retry", "cancel"):
                getattr(jobs, step)(job)
        except WrongState:
            pass
        counts(jobs, job)
    seqs, after, over = [], 0, False
    while True:
        page, over = events.frames(jobs.store, job, after, 7)
        if not page:
            break
        seqs += [frame["seq"] for frame in page]
        after = seqs[-1]
    assert seqs == list(range(1, len(seqs) + 1))
    assert over == (state(jobs, job) in ("completed", "cancelled"))


def test_what_runs_in_a_paused_job_is_recorded_and_may_end_it(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    lease = jobs.draw("w/1#1", "bulk", 1, 60)
    assert lease is not None
    jobs.pause(job)
    assert jobs.finish(lease.items[0].id, DONE)
    assert state(jobs, job) == "completed"


def test_an_item_that_was_given_to_another_is_recorded_by_whoever_is_first(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(1))
    slow = jobs.draw("slow/1#1", "bulk", 1, -1)
    jobs.release_expired()
    quick = jobs.draw("quick/1#1", "bulk", 1, 60)
    assert slow is not None
    assert quick is not None
    assert slow.items[0].id == quick.items[0].id
    assert jobs.finish(slow.items[0].id, DONE)
    assert not jobs.finish(quick.items[0].id, FAILED)
    assert counts(jobs, job)["done"] == 1


def test_photos_that_are_cached_count_as_done_too(jobs: Jobs) -> None:
    job = jobs.create("photos", ["ocr"], new_items=new(2))
    lease = jobs.draw("w/1#1", "bulk", 2, 60)
    assert lease is not None
    key = results.keep(jobs.store, "a" * 64, Finding("ocr", "m", "r", 1, 1, {}))
    jobs.finish(lease.items[0].id, Outcome({"ocr": key}, ("ocr",), "a" * 64))
    jobs.finish(lease.items[1].id, Outcome({"ocr": key}, sha256="a" * 64))
    assert (counts(jobs, job)["done"], counts(jobs, job)["cached"]) == (2, 1)


def test_uploads_are_needed_while_their_photos_are_unfinished_or_failed(jobs: Jobs) -> None:
    items = [NewItem(name, blob=name) for name in ("waits", "fails", "works")]
    jobs.create("photos", ["ocr"], new_items=items)
    lease = jobs.draw("w/1#1", "bulk", 3, 60)
    assert lease is not None
    by_name = {item.name: item.id for item in lease.items}
    jobs.finish(by_name["fails"], FAILED)
    jobs.finish(by_name["works"], DONE)
    nobodys = [f"other{n}" for n in range(70_000)]  # more than a database takes in one statement
    assert jobs.needed_blobs(["waits", *nobodys, "fails", "works"]) == {"waits", "fails"}


def test_pages_of_jobs_go_from_new_to_old_without_gap_or_repetition(jobs: Jobs) -> None:
    made = [jobs.create("photos", ["ocr"]) for _ in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        page, cursor = views.list_jobs(jobs.store, 3, cursor)
        seen += [found["task_id"] for found in page]
        if cursor is None:
            break
    assert seen == made[::-1]
    assert views.list_jobs(jobs.store, 3, state="running") == ([], None)
