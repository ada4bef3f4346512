"""When the demo may say that all went well."""

from typing import Any

from cli.demo import Pass, _problems
from cli.samples import Sample

MADE = [Sample("sign.png", ("Railway", "Station", "火车站")), Sample("photo.png")]


def read(*texts: str) -> dict[str, Any]:
    return {"status": "done", "results": {"ocr": {"lines": [{"text": text} for text in texts]}}}


def test_all_is_well_where_every_picture_is_finished_and_its_words_are_read() -> None:
    done = Pass(items={"sign.png": read("火车站", "RAILWAY STATION"), "photo.png": read()})
    assert list(_problems(done, MADE)) == []


def test_a_picture_that_failed_or_never_came_is_a_problem() -> None:
    failed = {"status": "failed", "error": {"code": "worker_died"}}
    for items in ({"photo.png": failed}, {}):
        done = Pass(items={"sign.png": read("火车站", "Railway Station"), **items})
        assert list(_problems(done, MADE)) == ["1 of 2 pictures were not finished."]


def test_words_that_stand_on_a_picture_and_were_not_read_are_a_problem() -> None:
    done = Pass(items={"sign.png": read("Railway"), "photo.png": read()})
    [problem] = _problems(done, MADE)
    assert "2 of 3 words" in problem
    assert "Station, 火车站" in problem
