"""Documents in parts: who follows them, what their readers see, what must stay, and how many pages run at once."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tasks import artifacts, followers, reading
from tasks.accounts import Accounts
from tasks.broker import connect_async
from tasks.deltas import Writer, stream_key
from tasks.document import settle, settle_rest
from tasks.events import Wakes
from tasks.jobs import NewItem, Outcome
from tasks.queues import ALL_QUEUES
from tasks.results import Finding
from tasks.turns import Turns
from tasks.worker import Worker
from tests.conftest import until


@pytest.fixture
async def client(worker: Worker) -> AsyncIterator[Any]:
    made = connect_async(worker.settings.redis)
    yield made
    await made.aclose()


def document(worker: Worker, pages: int, **options: Any) -> str:
    items = [NewItem(f"page {n}", blob="b", sha256="0" * 64, page=n) for n in range(1, pages + 1)]
    asked = {"kind": "pdf", "blob": "b", **options}
    return worker.jobs.create("document", ["document"], priority="document", options=asked, new_items=items)


def finish(worker: Worker, text: str | None, tokens: int = 0) -> None:
    """The next page ends with this text, or fails."""
    lease = worker.jobs.draw("me", "document", 1, 60)
    assert lease is not None
    if text is None:
        outcome = Outcome(error_code="x", error_message="It failed.")
    else:
        usage = {"prompt_tokens": tokens, "completion_tokens": 1, "prompt_chars": 0, "completion_chars": len(text)}
        body = {"markdown": text, "raw": text, "blocks": [], "usage": usage, "engine": "classic", "notes": []}
        outcome = Outcome(found=(Finding("document", "classic", "r", 1, 1, body, str(lease.items[0].page)),))
    worker.jobs.finish(lease.items[0].id, outcome)


async def read(worker: Worker, client: Any, job: str) -> list[tuple[str, int, str]]:
    steps = reading.Follower(worker.store, Wakes(client), client, job).steps()
    return [(step.type, step.page, step.text) async for step in steps if step is not None]


async def test_a_page_that_was_tried_again_is_told_as_it_ended(worker: Worker, client: Any) -> None:
    job = document(worker, 2)
    finish(worker, "one")
    finish(worker, None)
    assert [kind for kind, page, _ in await read(worker, client, job) if page == 2] == ["page_start", "page_end"]
    worker.jobs.retry(job)
    finish(worker, "two")
    told = await read(worker, client, job)
    assert [step for step in told if step[1] == 2] == [("page_start", 2, ""), ("delta", 2, "two"), ("page_end", 2, "")]
    assert [step[0] for step in told].count("page_end") == 2


async def test_pieces_that_are_lost_or_come_twice_leave_the_text_whole(worker: Worker, client: Any) -> None:
    job = document(worker, 1)
    for pieces in (("Some ", "words "), ("Some ", "words ", "of a ", "page")):  # a worker that died, and its successor
        writer = Writer(worker.pieces, job, 1)
        for piece in pieces:
            writer.add(piece, "")
    torn = Writer(worker.pieces, job, 1)
    torn._text_at = len("Some words of a page") + 7  # what came before this piece did not get through
    torn.add("and its end.", "")
    until(lambda: "and its end." in str(worker.redis.xrange(stream_key(job))), 10, "the last piece")
    whole = "Some words of a page, made and its end."
    finish(worker, whole)
    told = await read(worker, client, job)
    assert "".join(text for _, _, text in told) == whole
    assert [kind for kind, _, _ in told if kind != "delta"] == ["start", "page_start", "page_end", "end"]


def test_documents_that_nobody_follows_any_more_are_cancelled(worker: Worker) -> None:
    left, followed, later = (document(worker, 1) for _ in range(3))
    now = time.time()
    worker.redis.zadd(followers.GIVEN_UP, {left: now - 1, followed: now - 1, later: now + 60, "of no job": now - 1})
    worker.redis.zadd(followers._key(followed), {"somebody": now + 5})
    worker.redis.zadd(followers._key(left), {"a reader whose process was killed": now - 5})
    assert followers.cancel_unfollowed(worker.redis, worker.jobs) == [left]
    assert followers.cancel_unfollowed(worker.redis, worker.jobs) == []


def test_what_a_cancelled_document_cost_is_noted_too(worker: Worker) -> None:
    job = document(worker, 2)
    finish(worker, "one", tokens=7)
    worker.jobs.cancel(job)
    for _ in range(2):
        settle_rest(worker)
    (row,) = Accounts(worker.store).costs(None)
    assert (row["job_id"], row["pages"], row["prompt_tokens"]) == (job, 1, 7)


def test_what_pages_that_are_tried_again_cost_is_added(worker: Worker) -> None:
    job = document(worker, 2)
    finish(worker, "one", tokens=7)
    finish(worker, None)
    settle_rest(worker)
    worker.jobs.retry(job)
    finish(worker, "two", tokens=5)
    settle(worker, job)
    (row,) = Accounts(worker.store).costs(None)
    assert (row["pages"], row["prompt_tokens"]) == (2, 12)


def test_a_document_that_waits_to_be_listed_keeps_its_upload_and_its_password(worker: Worker) -> None:
    spool = worker.spool
    blob, secret, nobodys = spool.put(b"%PDF-", "a" * 64), spool.put_secret("p\u00e4ss"), spool.put(b"x", "c" * 64)
    asked = {"kind": "pdf", "blob": blob, "secret": secret}
    job = worker.jobs.create("document", ["document"], priority="document", options=asked, listing=True)
    assert spool.path(secret).stat().st_mode & 0o077 == 0
    assert spool.sweep(-1, worker.jobs.needed_blobs) == 1
    assert not spool.path(nobodys).exists()
    assert (spool.get(blob), spool.get_secret(secret)) == (b"%PDF-", "p\u00e4ss")
    worker.jobs.cancel(job)
    assert spool.sweep(-1, worker.jobs.needed_blobs) == 2


def test_fewer_pages_run_at_once_while_memory_is_short(worker: Worker) -> None:
    allowed = [2]
    turns = Turns(ALL_QUEUES, 4, worker.redis, lambda: allowed[0])
    with turns.one("document") as first, turns.one("document") as second, turns.one("document") as third:
        assert (first, second, third) == (True, True, False)
        assert not turns.excess("document")
        allowed[0] = 1
        assert turns.excess("document")
        assert not turns.excess("bulk")
        with turns.one("bulk") as photos, turns.one("interactive") as person:
            assert (photos, person) == (True, True)
    allowed[0] = 4
    with turns.one("document") as one, turns.one("document") as two, turns.one("document") as three:
        assert (one, two, three) == (True, True, True)


def test_a_long_document_is_drawn_in_parts_and_its_text_comes_whole(worker: Worker, tmp_path: Path) -> None:
    job = document(worker, artifacts.MOST_DRAWN + 1)
    for number in range(artifacts.MOST_DRAWN + 1):
        finish(worker, f"Text {number}.")
    with pytest.raises(artifacts.ArtifactTooLarge) as refused:
        artifacts.make(worker, job, "layout.pdf", tmp_path / "layout")
    assert f"document-1-{artifacts.MOST_DRAWN}.zip" in (refused.value.hint or "")
    with pytest.raises(artifacts.ArtifactUnknown):
        artifacts.make(worker, job, "layout-900-999.pdf", tmp_path / "layout")
    artifacts.make(worker, job, "document.md", tmp_path / "text")
    assert (tmp_path / "text").read_text().count("Text ") == artifacts.MOST_DRAWN + 1
