"""Word recall and character error as they are defined."""

import pytest

from engines.ocr.scoring import character_error, edit_distance, word_recall


@pytest.mark.parametrize(
    ("truth", "found", "recall"),
    [
        ("Total: 9.00", "TOTAL 9,00", 1.0),
        ("ＡＢＣ　１２", "abc 12", 1.0),
        ("a a b", "a b", 2 / 3),
        ("one two", "onetwo", 0.0),
        ("", "anything", 1.0),
        ("straße", "STRASSE", 1.0),
    ],
)
def test_word_recall_is_of_normalised_words_as_a_multiset(truth: str, found: str, recall: float) -> None:
    assert word_recall(truth, found) == pytest.approx(recall)


@pytest.mark.parametrize(
    ("first", "second", "distance"), [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0)]
)
def test_edit_distance_counts_single_changes(first: str, second: str, distance: int) -> None:
    assert edit_distance(first, second) == distance


def placed(*lines: tuple[str, float, float]) -> list[tuple[str, list[float]]]:
    """Lines of text at (x, y), 100 x 20 pixels each."""
    return [(text, [x, y, x + 100, y, x + 100, y + 20, x, y + 20]) for text, x, y in lines]


def test_character_error_looks_at_letters_not_at_spaces_or_case() -> None:
    assert character_error(placed(("CASH BILL", 0, 0)), placed(("cash", 0, 0), ("bill", 110, 0))[:1]) == 0.5
    assert character_error(placed(("CASH BILL", 0, 0)), placed(("cashbill", 0, 2))) == 0
    assert character_error(placed(("0123456789", 0, 0)), placed(("0123456780", 0, 0))) == pytest.approx(0.1)


def test_character_error_does_not_depend_on_the_order_of_the_lines() -> None:
    truth = placed(("one", 0, 0), ("two", 0, 30), ("three", 0, 60))
    assert character_error(truth, truth[::-1]) == 0


def test_text_that_nobody_labelled_is_no_error_but_lost_text_is() -> None:
    truth = placed(("one", 0, 0), ("two", 0, 30))
    assert character_error(truth, [*truth, *placed(("handwriting", 0, 300))]) == 0
    assert character_error(truth, truth[:1]) == pytest.approx(0.5)
