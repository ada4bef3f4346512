"""What a request is counted as."""

import pytest

from api import errors
from api.measure import outcome


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (200, None, "ok"),
        (202, None, "ok"),
        (304, None, "ok"),
        (404, "not_found", "refused"),
        (429, "queue_full", "busy"),
        (200, "queue_full", "busy"),  # MT Photos is answered with 200 whatever happens
        (200, "picture_undecodable", "refused"),
        (200, "no_worker", "failed"),
        (500, "internal_error", "failed"),
        (503, None, "failed"),
        (499, None, "left"),
        (503, "a code of no table", "failed"),
    ],
)
def test_outcomes(status: int, code: str | None, expected: str) -> None:
    assert outcome(status, code) == expected


def test_every_code_is_counted_as_itself_and_others_as_one() -> None:
    def counted(code: str) -> float:
        return errors.metrics.ERRORS.labels(code)._value.get()

    before = {code: counted(code) for code in ("queue_full", "other")}
    for code in ("queue_full", "made up", "made up too", None):
        errors.count(code)
    assert counted("queue_full") - before["queue_full"] == 1
    assert counted("other") - before["other"] == 3
