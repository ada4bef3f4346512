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


def test_character_error_looks_at_letters_not_at_spaces_or_case() -> None:
    assert character_error(["CASH BILL"], ["cash", "bill"]) == 0
    assert character_error(["0123456789"], ["0123456780"]) == pytest.approx(0.1)
    assert character_error([], ["x"]) == 1
