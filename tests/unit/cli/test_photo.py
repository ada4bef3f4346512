"""`darkroom photo` against a small server that notes what it is asked."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.cli.noting import Asked, noting

SHA = "ab" * 32


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """What was asked of a service."""
    with noting(monkeypatch, lambda method: {"sha256": SHA}) as seen:
        yield seen


def run(*words: str, stdin: str = "") -> Any:
    result = CliRunner().invoke(app, ["photo", *words], input=stdin)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_photo_is_named_by_its_sha256_or_its_file(asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"bytes")
    assert run("show", SHA.upper()) == {"sha256": SHA}
    run("show", str(file))
    assert [path for _, path, _ in asked] == [
        f"/api/photos/{SHA}",
        f"/api/photos/{hashlib.sha256(b'bytes').hexdigest()}",
    ]


def test_what_is_neither_is_not_asked_for(asked: Asked) -> None:
    result = CliRunner().invoke(app, ["photo", "show", "nothing.jpg"])
    assert (result.exit_code, asked) == (2, [])


def test_each_command_asks_for_its_own(asked: Asked) -> None:
    run("reprocess", SHA, "--tasks", "ocr", "--model", "large")
    run("reprocess", SHA, "--tasks", "ocr,clip")
    run("correct", SHA, "-", stdin="Grün\n4\n")
    run("correct", SHA, "--remove")
    run("restore", SHA, "7")
    base = f"/api/photos/{SHA}"
    assert asked == [
        ("POST", f"{base}/reprocess?tasks=ocr&model=large", None),
        ("POST", f"{base}/reprocess?tasks=ocr%2Cclip", None),
        ("PUT", f"{base}/text", {"text": "Grün\n4"}),
        ("DELETE", f"{base}/text", None),
        ("POST", f"{base}/restore", {"history": 7}),
    ]


def test_a_text_and_its_removal_are_not_asked_for_at_once(asked: Asked) -> None:
    for words in (["correct", SHA], ["correct", SHA, "-", "--remove"]):
        assert CliRunner().invoke(app, ["photo", *words]).exit_code == 2
    assert asked == []
