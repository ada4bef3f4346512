"""One known photo again, on a real store: what replaces what, and where that is seen."""

import base64
import time
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from tasks import events, results, views
from tasks.again import corrections, replacing, reprocess, restoring, view
from tasks.again import past as forgotten
from tasks.again.sources import Place
from tasks.errors import HistoryUnknown, PhotoUnknown
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.library import known
from tasks.library.walk import Found
from tasks.results import Finding
from tasks.store import models as tables
from tasks.store.session import Store

SHA = "a" * 64
OTHER = "b" * 64


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return Jobs(store)


def read(text: str, model: str = "small", revision: str = "1") -> Finding:
    line = {"text": text, "score": 0.9, "box": ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0)), "box_score": 0.9}
    return Finding("ocr", model, revision, 30, 20, {"lines": [line]})


def seen(*numbers: float, model: str = "concepts") -> Finding:
    vector = base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()
    return Finding("clip", model, "1", 30, 20, {"vector": vector})


def scanned(jobs: Jobs, *found: Finding, sha256: str = SHA, path: str = "/photos/a.jpg", **outcome: Any) -> str:
    """A rescan that has found this; its job."""
    job = jobs.create("library", [f.analysis for f in found] or ["ocr"], new_items=[NewItem("a.jpg", path=path)])
    lease = jobs.draw("w/1#1", "bulk", 1, 60)
    assert lease is not None
    assert lease.job_id == job
    assert jobs.finish(
        lease.items[0].id, Outcome(outcome.get("results"), sha256=sha256, width=30, height=20, found=found)
    )
    return job


def again(jobs: Jobs, *found: Finding, sha256: str = SHA) -> str:
    """The same done again by hand."""
    names = [finding.analysis for finding in found]
    asked = {"options": reprocess.options(sha256, names, None), "priority": "interactive"}
    place = Place("a.jpg", "/photos/a.jpg", None)
    job = jobs.create(reprocess.KIND, names, new_items=[reprocess.item(sha256, place)], **asked)
    lease = jobs.draw("w/1#1", "interactive", 1, 60)
    assert lease is not None
    assert lease.job_id == job
    assert jobs.finish(lease.items[0].id, Outcome(sha256=sha256, width=30, height=20, found=found))
    return job


def text_of(body: dict[str, Any]) -> str:
    return " ".join(line["text"] for line in body["lines"])


def in_job(store: Store, job: str) -> str:
    (item,) = views.finished(store, job, 0, 10)
    (frame,) = [frame for frame in events.frames(store, job, 0)[0] if frame["type"] == "item"]
    assert frame["results"] == item["results"]
    return text_of(item["results"]["ocr"]["body"])


def shows(store: Store) -> str:
    return text_of(view.look(store, SHA)["findings"]["ocr"].body)


def words(store: Store) -> str:
    """What full text search looks through."""
    with store.read() as connection:
        return " ".join(str(each) for each in connection.scalars(select(tables.texts.c.words)))


def past(store: Store) -> list[tuple[str, str, str]]:
    query = select(tables.history).order_by(tables.history.c.id)
    with store.read() as connection:
        return [(row.model, text_of(row.body), row.reason) for row in connection.execute(query)]


def test_the_same_model_again_replaces_its_finding_everywhere(jobs: Jobs, store: Store) -> None:
    first, second = scanned(jobs, read("gross")), scanned(jobs, read("gross"))
    third = again(jobs, read("total"))
    assert [in_job(store, job) for job in (first, second, third)] == ["total"] * 3
    assert shows(store) == "total"
    assert "total" in words(store)
    assert "gross" not in words(store)
    assert past(store) == [("small", "gross", "reprocess")]


def test_another_model_takes_the_place_and_leaves_the_memory_of_the_first(jobs: Jobs, store: Store) -> None:
    first = scanned(jobs, read("gross"))
    again(jobs, read("total", "large"))
    assert (in_job(store, first), shows(store)) == ("total", "total")
    assert views.finished(store, first, 0, 1)[0]["models"] == {"ocr": "large"}
    assert "gross" not in words(store)
    with store.read() as connection:
        kept = connection.execute(select(tables.results.c.model, tables.results.c.body)).all()
    assert {row.model: text_of(row.body) for row in kept} == {"small": "gross", "large": "total"}


def test_the_same_result_again_is_no_history(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    again(jobs, read("gross"))
    assert (past(store), shows(store)) == ([], "gross")


def test_to_and_fro_leaves_each_finding_once_in_history(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    for _ in range(3):
        again(jobs, read("total", "large"))
        again(jobs, read("gross"))
    assert past(store) == [("large", "total", "reprocess")]
    assert "gross" in words(store)
    assert "total" not in words(store)


def test_only_what_was_asked_for_is_replaced(jobs: Jobs, store: Store) -> None:
    job = scanned(jobs, read("gross"), seen(1, 0))
    other = scanned(jobs, read("elsewhere"), sha256=OTHER, path="/photos/b.jpg")
    again(jobs, seen(0, 1))
    assert (in_job(store, job), in_job(store, other)) == ("gross", "elsewhere")
    with store.read() as connection:
        vectors = list(connection.scalars(select(tables.vectors.c.data)))
    assert [np.frombuffer(data, "<f2").tolist() for data in vectors] == [[0.0, 1.0]]


def test_a_job_that_did_not_ask_for_an_analysis_does_not_get_it(jobs: Jobs, store: Store) -> None:
    job = scanned(jobs, seen(1, 0))
    again(jobs, read("total"))
    assert set(views.finished(store, job, 0, 1)[0]["results"]) == {"clip"}


def test_a_failure_replaces_nothing(jobs: Jobs, store: Store) -> None:
    first = scanned(jobs, read("gross"))
    names = ["ocr"]
    asked = {"options": reprocess.options(SHA, names, "none"), "priority": "interactive"}
    jobs.create(reprocess.KIND, names, new_items=[reprocess.item(SHA, Place("a.jpg", "/a", None))], **asked)
    lease = jobs.draw("w/1#1", "interactive", 1, 60)
    assert lease is not None
    assert jobs.finish(lease.items[0].id, Outcome(error_code="model_missing", error_message="Not here."))
    assert (in_job(store, first), shows(store), past(store)) == ("gross", "gross", [])


@pytest.mark.parametrize("fresh", [True, False], ids=["forced", "from memory"])
def test_a_rescan_does_not_bring_back_what_was_replaced(jobs: Jobs, store: Store, fresh: bool) -> None:
    scanned(jobs, read("gross"))
    again(jobs, read("total", "large"))
    with store.read() as connection:
        row = connection.scalar(select(tables.results.c.id).where(tables.results.c.model == "small"))
    later = scanned(jobs, read("gross")) if fresh else scanned(jobs, results={"ocr": row})
    assert (in_job(store, later), shows(store)) == ("total", "total")
    assert "gross" not in words(store)


def test_nor_does_one_that_need_not_read_the_photo(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    again(jobs, read("total", "large"))
    photo = Found("a.jpg", "/photos/a.jpg", "1:2:3")
    with store.write() as connection:
        seen_now = known.compare(connection, [photo], {})
        known.see(connection, "job", seen_now)
        known.learn(connection, [(seen_now[0].key, photo.stamp, SHA, None)])
        (answered,) = known.compare(connection, [photo], {"ocr": ("small", "1", "")})
        large = connection.scalar(select(tables.results.c.id).where(tables.results.c.model == "large"))
    assert answered.answers == {"ocr": large}


def test_what_an_application_asks_of_a_model_is_not_what_the_photo_shows(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    again(jobs, read("total", "large"))
    results.keep(store, SHA, read("theirs", "of Immich"))
    later = scanned(jobs, read("gross"))
    assert (in_job(store, later), shows(store)) == ("total", "total")


def test_a_newer_model_of_the_service_is_shown_when_it_has_looked(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    again(jobs, read("total", "large"))
    later = scanned(jobs, read("net", revision="2"))
    assert (in_job(store, later), shows(store)) == ("net", "net")
    assert "net" in words(store)


def test_restoring_changes_places(jobs: Jobs, store: Store) -> None:
    job = scanned(jobs, read("gross"))
    again(jobs, read("total", "large"))
    (earlier,) = view.look(store, SHA)["history"]
    restoring.restore(store, SHA, earlier["id"])
    assert (in_job(store, job), shows(store)) == ("gross", "gross")
    assert past(store) == [("large", "total", "restore")]
    assert "gross" in words(store)
    assert "total" not in words(store)
    with pytest.raises(HistoryUnknown):
        restoring.restore(store, SHA, earlier["id"])
    later = scanned(jobs, read("gross"))
    assert in_job(store, later) == "gross"


def test_the_history_of_another_photo_is_not_restored(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    scanned(jobs, read("elsewhere"), sha256=OTHER, path="/photos/b.jpg")
    again(jobs, read("total"))
    (earlier,) = view.look(store, SHA)["history"]
    with pytest.raises(HistoryUnknown):
        restoring.restore(store, OTHER, earlier["id"])
    assert shows(store) == "total"


def test_what_breaks_in_the_middle_changes_nothing(jobs: Jobs, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scanned(jobs, read("gross"))

    def breaks(*_: Any) -> None:
        raise KeyError("in the middle")

    with monkeypatch.context() as patched:
        patched.setattr("tasks.finishing._update_job", breaks)
        with pytest.raises(KeyError):
            again(jobs, read("total"))
    assert (in_job(store, first), shows(store), past(store)) == ("gross", "gross", [])
    assert "total" not in words(store)


def test_a_correction_goes_before_what_is_read_then_and_later(jobs: Jobs, store: Store) -> None:
    first = scanned(jobs, read("gross"))
    corrections.write(store, SHA, "Großer Preis")
    assert words(store).split()[:2] != ["gross"]
    later = again(jobs, read("total"))
    forced = scanned(jobs, read("net", revision="2"))
    assert "preis" in words(store)
    assert not {"gross", "total", "net"} & set(words(store).replace("'", " ").replace(":", " ").split())
    for job in (first, later, forced):
        assert views.finished(store, job, 0, 1)[0]["correction"]["text"] == "Großer Preis"
    assert view.look(store, SHA)["correction"]["text"] == "Großer Preis"
    corrections.remove(store, SHA)
    assert view.look(store, SHA)["correction"] is None
    assert "net" in words(store)
    assert "correction" not in views.finished(store, first, 0, 1)[0]


def test_a_photo_may_be_said_to_have_no_text(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    corrections.write(store, SHA, "")
    assert "gross" not in words(store)
    assert view.look(store, SHA)["correction"]["text"] == ""


def test_the_longest_correction_is_kept(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    text = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(corrections.MOST_CHARACTERS))
    corrections.write(store, SHA, text)
    assert view.look(store, SHA)["correction"]["text"] == text


def test_the_past_is_forgotten_with_time(jobs: Jobs, store: Store) -> None:
    scanned(jobs, read("gross"))
    again(jobs, read("total", "large"))
    assert forgotten.forget(store, time.time() - 60) == 0
    assert forgotten.forget(store, time.time() + 60) == 1
    assert (past(store), shows(store)) == ([], "total")


def test_what_nobody_has_looked_at_is_unknown(store: Store) -> None:
    with pytest.raises(PhotoUnknown):
        view.look(store, SHA)
    with pytest.raises(PhotoUnknown):
        corrections.write(store, SHA, "a")
    corrections.remove(store, SHA)


def test_a_photo_that_was_answered_at_once_is_known(store: Store) -> None:
    with store.write() as connection:
        replacing.keep_all(connection, [(SHA, read("gross"))], 5.0)
    found = view.look(store, SHA)
    assert (text_of(found["findings"]["ocr"].body), found["name"], found["width"]) == ("gross", "", 30)
