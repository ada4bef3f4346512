"""`darkroom schedule` against a small server that notes what it is asked."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.cli.noting import Asked, noting

KEPT = {"id": "s1", "library": "/photos", "next_at": "2026-11-22T01:30:00.000+00:00"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """What was asked of a service that keeps whatever it is told."""
    with noting(monkeypatch, lambda method: {"items": [KEPT]} if method == "GET" else KEPT) as seen:
        yield seen


def run(*words: str) -> Any:
    result = CliRunner().invoke(app, ["schedule", *words])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_add_asks_for_a_rescan_by_the_clock(asked: Asked) -> None:
    words = ("add", "30 2 * * *", "/photos", "--tasks", "ocr, clip", "--time-zone", "Asia/Tokyo", "--exclude", "raw")
    assert run(*words) == KEPT
    ((method, path, body),) = asked
    assert (method, path) == ("POST", "/api/schedules")
    assert body == {
        "cron": "30 2 * * *",
        "library": "/photos",
        "tasks": ["ocr", "clip"],
        "time_zone": "Asia/Tokyo",
        "include": [],
        "exclude": ["raw"],
        "force": False,
        "recursive": True,
    }


def test_schedules_are_listed_removed_paused_and_resumed(asked: Asked) -> None:
    assert run("list") == run() == {"items": [KEPT]}
    for command in ("remove", "pause", "resume"):
        assert run(command, "s1") == KEPT
    assert [(method, path) for method, path, _ in asked[2:]] == [
        ("DELETE", "/api/schedules/s1"),
        ("POST", "/api/schedules/s1/pause"),
        ("POST", "/api/schedules/s1/resume"),
    ]


@pytest.mark.parametrize("command", ["add", "list", "remove", "pause", "resume"])
def test_every_command_teaches_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, ["schedule", command, "--help"])
    assert f"Example: darkroom schedule {command}" in " ".join(result.stdout.split())
