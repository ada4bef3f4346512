"""Counting frames, and the words about it."""

from typing import Any

import pytest

from cli.demo import plain
from cli.display import first_words, photos, summary
from cli.tally import Tally


def item(number: int, status: str = "done", cached: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    results = {"ocr": {"lines": []}} if status == "done" else {}
    frame = {"type": "item", "task_id": "j", "item_id": number, "name": f"{number}.jpg", "status": status}
    return {**frame, "results": results, "cached": list(cached), **more}


def test_photos_are_counted_by_what_became_of_them() -> None:
    tally = Tally()
    tally.take(item(1))
    tally.take(item(2, cached=("ocr",)))
    tally.take(item(3, "failed", error={"code": "not_a_picture", "message": "No picture."}))
    assert (tally.done, tally.cached, tally.failed, tally.finished) == (2, 1, 1, 3)
    assert tally.failures == [("3.jpg", "No picture.")]


def test_a_photo_that_failed_and_was_read_in_a_later_run_is_no_failure() -> None:
    tally = Tally()
    tally.take(item(1, "failed", error={"code": "worker_died"}))
    tally.take(item(1))
    assert (tally.done, tally.failed) == (1, 0)


def test_the_total_grows_with_what_the_jobs_say() -> None:
    tally = Tally()
    assert tally.total is None
    tally.take({"type": "progress", "task_id": "a", "counts": {"total": 10}})
    tally.take({"type": "progress", "task_id": "b", "counts": {"total": 5}})
    tally.take({"type": "end", "task_id": "a", "state": "completed", "counts": {"total": 12}})
    assert tally.total == 17
    assert tally.troubles == []


def test_jobs_that_did_not_run_to_their_end_are_troubles() -> None:
    tally = Tally()
    tally.take({"type": "end", "task_id": "a", "state": "cancelled", "counts": {"total": 1}})
    tally.take({"type": "error", "task_id": "b", "code": "path_not_found", "message": "Gone."})
    assert tally.troubles == ["Job a was cancelled.", "Job b could not run: Gone."]


def test_first_words_are_cut_at_a_word_or_where_there_is_none() -> None:
    assert first_words([{"text": "short"}, {"text": "text"}]) == "short text"
    assert first_words([{"text": "a quick brown fox"}], width=12) == "a quick …"
    assert first_words([{"text": "火" * 20}], width=12) == "火" * 12 + " …"


def test_numbers_agree_with_their_noun() -> None:
    assert (photos(1), photos(2), photos(12345)) == ("1 photo", "2 photos", "12,345 photos")


def test_words_are_compared_by_letters_and_digits_alone() -> None:
    assert plain("Ｔotal: 14.50 €") == "total1450"
    assert plain("火车站，出口") == "火车站出口"


def test_what_rescans_found_is_summed_over_jobs_and_shown_with_what_was_not_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tally = Tally()
    found = {"new": 1, "changed": 2, "unchanged": 3, "deleted": 4}
    for job in ("a", "a", "b"):
        tally.take({"type": "progress", "task_id": job, "counts": {"total": 6, **found}})
    tally.take({"type": "warning", "task_id": "a", "name": "x[1].jpg", "message": "The link leads to nothing."})
    assert tally.found == {"new": 2, "changed": 4, "unchanged": 6, "deleted": 8}
    summary(tally)
    shown = capsys.readouterr().out
    assert "Found 2 new, 4 changed, 6 unchanged, 8 deleted." in shown
    assert "x[1].jpg" in shown
    assert tally.failed == 0


def test_where_nothing_was_rescanned_nothing_is_said_to_be_found() -> None:
    tally = Tally()
    tally.take({"type": "end", "task_id": "a", "counts": {"total": 6}})
    assert tally.found == {}
