"""What goes wrong in one row of the bench costs no other."""

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.bench import command, document, queue, rescan
from cli.bench.labelled import Material
from cli.bench.plan import QUICK


def test_a_row_that_fails_says_why_and_the_others_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> list[Any]:
        raise RuntimeError("the service went away")

    monkeypatch.setattr(queue, "measure", fail)
    monkeypatch.setattr(rescan, "large", lambda *_: {"name": "bulk"})
    console = Console(record=True, width=120)
    rows = command._others(tmp_path / "ocr", Material([]), ("queue", "bulk"), QUICK, console)
    assert rows == [{"name": "bulk"}]
    assert "queue could not be measured: the service went away" in console.export_text()


def test_documents_of_one_kind_have_no_figure_of_the_other() -> None:
    assert document._over("scan recall", max, []) == {}
    assert document._over("scan recall", max, [0.5, 1.0]) == {"scan recall": 1.0}
