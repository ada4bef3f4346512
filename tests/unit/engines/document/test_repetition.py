"""Circles are noticed while they form, and held back; real tables and lists come through to the letter."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.document.repetition import LONGEST, WORDS, Repetition

BEFORE = "The meeting of 12 March was opened by the chair at nine. "
PARAGRAPH = "It was decided that the report of the committee be sent to all members before the end of the month. "


def read(text: str, size: int = 4) -> tuple[str, bool]:
    """What is shown of a text that comes in pieces, and whether it is a loop."""
    repetition = Repetition()
    shown = []
    for at in range(0, len(text), size):
        shown.append(repetition.feed(text[at : at + size]))
        if repetition.looping:
            return "".join(shown), True
    shown.append(repetition.finish())
    return "".join(shown), repetition.looping


def row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


@pytest.mark.parametrize(
    "unit",
    [
        "ha",
        "and again ",
        "Total: 12.50 EUR\n",
        row("Ja", "Nein"),
        "| Yes | No |\n",
        r"\quad ",
        PARAGRAPH,
        (PARAGRAPH * 9)[:-1] + "; and nine times.\n",
        "阴阳的对立",
    ],
)
def test_a_unit_that_goes_on_is_a_loop_whatever_its_length(unit: str) -> None:
    assert len(unit) <= LONGEST
    shown, looping = read(BEFORE + unit * (12_000 // len(unit)))

    assert looping
    assert shown.startswith(BEFORE)


def test_little_of_a_loop_is_shown() -> None:
    shown, _ = read(BEFORE + PARAGRAPH * 100)

    assert len(shown) < len(BEFORE) + 1.7 * len(PARAGRAPH)


def test_a_loop_is_noticed_soon() -> None:
    repetition = Repetition()
    fed = 0
    while not repetition.looping:
        repetition.feed("and again ")
        fed += len("and again ")

    assert WORDS <= fed < WORDS + 100


@pytest.mark.parametrize(
    "line",
    [
        "{n}. The tenant shall pay the costs.\n",
        row("{n}", "Screw M4", "0.{n}"),
        "<|ref|>text<|/ref|><|det|>[[10, {n}, 400, {n}]]<|/det|>\nApproved  \n\n",
    ],
)
def test_lines_that_only_count_on_are_a_loop_in_the_end(line: str) -> None:
    assert read("".join(line.replace("{n}", str(n)) for n in range(2000)))[1]


def test_empty_cells_without_an_end_are_a_loop() -> None:
    assert read("<table><tr>" + "<td></td>" * 2000)[1]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(row(*[""] * 8) * 30, id="an empty form"),
        pytest.param(row(*["0"] * 9) * 30, id="a table of zeros"),
        pytest.param("Contents" + "." * 300 + "7\n", id="dots that lead to a page number"),
        pytest.param("Name: " + "_" * 300 + "\n", id="a line to write on"),
        pytest.param("☐ Ja ☐ Nein\n" * 60, id="boxes to tick"),
        pytest.param("".join(f"{n}. Room {100 + n}\n" for n in range(250)), id="a numbered list"),
        pytest.param(
            "".join(row(str(1950 + n), *(str(n * k % 97) for k in range(2, 12))) for n in range(70)),
            id="figures of seventy years",
        ),
        pytest.param((PARAGRAPH + "\n") * 4, id="four copies of a coupon"),
    ],
)
def test_what_forms_and_tables_repeat_is_no_loop(text: str) -> None:
    assert read(BEFORE + text + "\nSigned at Bern.") == (BEFORE + text + "\nSigned at Bern.", False)


def test_an_answer_that_was_cut_off_in_a_circle_is_a_loop() -> None:
    text = BEFORE + "<td></td>" * 60
    whole, cut = Repetition(), Repetition()
    shown = [each.feed(text) for each in (whole, cut)]

    assert shown[0] + whole.finish() == text
    assert cut.finish(cut=True) == ""
    assert cut.looping


def test_an_answer_that_was_cut_off_elsewhere_is_no_loop() -> None:
    repetition = Repetition()

    assert repetition.feed(PARAGRAPH) + repetition.finish(cut=True) == PARAGRAPH
    assert not repetition.looping


@pytest.mark.parametrize("size", [1, 3, 50, 1000])
def test_how_the_text_is_cut_into_pieces_loses_nothing(size: int) -> None:
    chosen = random.Random(5)
    text = "".join(chosen.choice(["<td></td>", "12", "7", "\n", "wort ", "阴", "wort wort "]) for _ in range(4000))

    assert read(text, size) == (text, False)


def test_real_output_is_no_loop(shared: Path) -> None:
    files = sorted((shared / "testdata" / "deepseek").glob("*.txt"))

    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert read(text) == (text, False), file.name


def test_the_work_for_a_text_grows_with_its_length_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from engines.document import repetition

    looks = 0
    real: Callable[..., bool] = repetition._repeats

    def counted(text: str, need: Callable[[str], int]) -> bool:
        nonlocal looks
        looks += 1
        assert len(text) <= 2 * repetition._KEPT
        return real(text, need)

    monkeypatch.setattr(repetition, "_repeats", counted)
    text = "".join(f"{n * n} words " for n in range(4000))
    read(text)

    assert looks <= 4 * (len(text) // repetition._STEP + 1)
