"""How much is read of the labelled pictures: the floor that no change may go below."""

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from cli.bench.labelled import labelled
from engines.images import decode
from engines.ocr.scoring import character_error, word_recall
from engines.registry import Engines
from engines.settings import EngineSettings
from tests.conftest import SHARED

SETTINGS = EngineSettings()
FOLDER = SHARED / "testdata" / "ocr"
ENTRIES = json.loads((FOLDER / "manifest.json").read_text())["entries"] if (FOLDER / "manifest.json").exists() else []
FIRST = [(e["file"], e["truth"]["first"]) for e in ENTRIES if "first" in e.get("truth", {})]


@pytest.fixture(scope="module")
def engines() -> Engines:
    return Engines(SETTINGS, "cpu")


def placed(engines: Engines, path: Path) -> list[tuple[str, Any]]:
    return [(line.text, line.box) for line in engines.ocr(None).read(decode(path.read_bytes(), SETTINGS)).lines]


def read(engines: Engines, path: Path, model: str | None = None) -> list[str]:
    return [line.text for line in engines.ocr(model).read(decode(path.read_bytes(), SETTINGS)).lines]


def test_word_recall_is_at_least_092_on_files_with_full_truth(engines: Engines, shared: Path) -> None:
    recalls = {
        picture.path.name: word_recall(picture.text, "\n".join(read(engines, picture.path)))
        for picture in labelled(shared / "testdata" / "ocr")
    }
    assert len(recalls) >= 7
    assert fmean(recalls.values()) >= 0.92, recalls


def test_character_error_is_at_most_004_on_receipts(engines: Engines, shared: Path) -> None:
    errors = {
        picture.path.name: character_error(picture.lines, placed(engines, picture.path))
        for picture in labelled(shared / "testdata" / "ocr")
        if picture.path.name.startswith("sroie_")
    }
    assert len(errors) >= 7
    assert fmean(errors.values()) <= 0.04, errors


@pytest.mark.parametrize(("name", "first"), FIRST)
def test_known_words_are_read(engines: Engines, shared: Path, name: str, first: str) -> None:
    text = "".join(read(engines, shared / "testdata" / "ocr" / name)).replace(" ", "")
    assert first.replace(" ", "") in text


def test_as_many_lines_are_found_as_there_are(engines: Engines, shared: Path) -> None:
    counted = {e["file"]: e["truth"]["n_lines"] for e in ENTRIES if "n_lines" in e["truth"]}
    found = {name: len(read(engines, shared / "testdata" / "ocr" / name)) for name in counted}
    assert counted
    assert found == counted


def test_large_letters_in_a_photo_are_read(engines: Engines, shared: Path) -> None:
    wanted = {e["file"]: e["truth"]["contains_any"] for e in ENTRIES if "contains_any" in e["truth"]}
    assert wanted
    for name, words in wanted.items():
        text = " ".join(read(engines, shared / "testdata" / "ocr" / name)).upper()
        assert any(word in text for word in words), text


def test_crops_of_a_single_line_are_read_whole(engines: Engines, shared: Path) -> None:
    # The Cyrillic one needs a recogniser that knows its alphabet.
    crops = {e["file"]: e["truth"]["text"] for e in ENTRIES if e["truth"].get("crop") and "cyrillic" not in e["file"]}
    assert crops
    assert {name: "".join(read(engines, shared / "testdata" / "ocr" / name)) for name in crops} == crops


def test_the_other_bundled_model_reads_too(engines: Engines, shared: Path) -> None:
    pictures = labelled(shared / "testdata" / "ocr")[:3]
    recalls = [word_recall(p.text, "\n".join(read(engines, p.path, "PP-OCRv5_mobile"))) for p in pictures]
    assert fmean(recalls) >= 0.8
