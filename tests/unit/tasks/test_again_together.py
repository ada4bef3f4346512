"""One photo done again by several at once, and looked at meanwhile."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from tasks import views
from tasks.again import corrections, reprocess, restoring, view
from tasks.again.sources import Place
from tasks.errors import HistoryUnknown
from tasks.jobs import Jobs, Outcome
from tasks.results import Finding
from tasks.store import models as tables
from tasks.store.session import Store
from tests.unit.tasks.test_again import SHA, in_job, read, scanned, seen, text_of

ROUNDS = 12


def once_more(jobs: Jobs, *found: Finding) -> None:
    """As a worker does it; who draws is not who asked, where several do."""
    names = [finding.analysis for finding in found]
    asked = {"options": reprocess.options(SHA, names, None), "priority": "interactive"}
    place = Place("a.jpg", "/photos/a.jpg", None)
    jobs.create(reprocess.KIND, names, new_items=[reprocess.item(SHA, place)], **asked)
    lease = jobs.draw(f"w/1#{threading.get_ident()}", "interactive", 1, 60)
    assert lease is not None
    assert jobs.finish(lease.items[0].id, Outcome(sha256=SHA, width=30, height=20, found=found))


def rescanned(jobs: Jobs, *found: Finding) -> None:
    jobs.create("library", ["ocr"], new_items=[reprocess.item(SHA, Place("a.jpg", "/photos/a.jpg", None))])
    lease = jobs.draw(f"w/1#{threading.get_ident()}", "bulk", 1, 60)
    assert lease is not None
    assert jobs.finish(lease.items[0].id, Outcome(sha256=SHA, width=30, height=20, found=found))


def at_once(*works: Callable[[], None]) -> None:
    """Run them side by side; an exception in one of them is the test's."""
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()


def test_a_reader_never_sees_half_of_it(store: Store) -> None:
    jobs = Jobs(store)
    job = scanned(jobs, read("word0"), seen(1, 0))
    over = threading.Event()
    looks = 0

    def change() -> None:
        try:
            for n in range(1, ROUNDS + 1):
                once_more(jobs, read(f"word{n}", f"model{n % 2}"), seen(1, n))
        finally:
            over.set()

    def look() -> None:
        nonlocal looks
        while not over.is_set():
            found = view.look(store, SHA)
            number = text_of(found["findings"]["ocr"].body).removeprefix("word")
            assert found["findings"]["clip"].body == seen(1, int(number)).body
            past = [each["analysis"] for each in found["history"]]
            assert (past.count("ocr"), past.count("clip")) == (int(number), int(number))
            (item,) = views.finished(store, job, 0, 1)
            number = text_of(item["results"]["ocr"]["body"]).removeprefix("word")
            assert item["results"]["clip"]["body"] == seen(1, int(number)).body
            looks += 1

    at_once(change, look)
    assert looks
    assert in_job(store, job) == f"word{ROUNDS}"


def test_all_agree_in_the_end(store: Store) -> None:
    jobs = Jobs(store)
    scanned(jobs, read("first"))

    def again(worker: int) -> Callable[[], None]:
        def work() -> None:
            for n in range(ROUNDS):
                once_more(jobs, read(f"again{worker}of{n}", f"model{random.randrange(3)}"))

        return work

    def scan() -> None:
        for _ in range(ROUNDS):
            rescanned(jobs, read("first"))

    def restore() -> None:
        for _ in range(ROUNDS):
            past = view.look(store, SHA)["history"]
            if past:
                try:
                    restoring.restore(store, SHA, random.choice(past)["id"])
                except HistoryUnknown:  # another has brought it back
                    continue

    def correct() -> None:
        for n in range(ROUNDS):
            corrections.write(store, SHA, f"said{n}")
            corrections.remove(store, SHA)

    at_once(again(1), again(2), scan, restore, correct)
    _agree(store)


def _agree(store: Store) -> None:
    found = view.look(store, SHA)
    finding = found["findings"]["ocr"]
    text = text_of(finding.body)
    with store.read() as connection:
        shown = list(connection.scalars(select(tables.shown.c.result_id)))
        items = list(connection.scalars(select(tables.items.c.results).where(tables.items.c.state == "done")))
        words = " ".join(str(each) for each in connection.scalars(select(tables.texts.c.words)))
        past = connection.execute(select(tables.history)).all()
        newest = connection.scalar(select(tables.results.c.id).order_by(tables.results.c.created_at.desc()).limit(1))
    assert {each["ocr"] for each in items} == set(shown) == {finding.id} == {newest}
    assert len(items) == 1 + 3 * ROUNDS
    assert text in words
    texts = [(row.model, text_of(row.body)) for row in past]
    assert len(texts) == len(set(texts))
    assert (finding.model, text) not in texts
