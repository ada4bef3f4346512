"""A second reading goes on where the first one ended."""

import pytest

from engines.document.remote_splice import AHEAD, Continuation, find_continuation

TEXT = (
    "# Minutes of the board\n\nPresent were Ms Keller, Mr Ott and Dr Sahin. The minutes of May were approved.\n\n"
    "The roof of the school is to be repaired before winter. Three offers are to be asked for, one of them local.\n\n"
    "<table><tr><td>Roof</td><td>12,000</td></tr><tr><td>Gutters</td><td>1,800</td></tr></table>\n\n"
    "The next meeting is on the second Tuesday of September, in the library.\n"
)


def block(text: str, box: str) -> str:
    return f"<|ref|>text<|/ref|><|det|>[[{box}]]<|/det|>\n{text}\n\n"


@pytest.mark.parametrize("end", [1, 23, 60, 150, 260, 300, len(TEXT)])
def test_the_same_text_goes_on_at_the_same_mark(end: int) -> None:
    assert TEXT[:end] + TEXT[find_continuation(TEXT[:end], TEXT) :] == TEXT


@pytest.mark.parametrize("end", [60, 150, 212, 260])
def test_other_words_before_do_not_matter(end: int) -> None:
    again = TEXT.replace("Ms Keller", "Mrs Kelier").replace("# Minutes", "## The minutes")

    assert TEXT[:end] + again[find_continuation(TEXT[:end], again) :] == TEXT


def test_a_circle_that_was_shown_in_part_is_left_behind() -> None:
    good = TEXT[: TEXT.index(" is to be repaired")]
    start = find_continuation(good + " of the school of the school of the", TEXT)

    assert TEXT[start or 0 :].startswith(" is to be repaired before winter.")


def test_boxes_that_moved_a_little_do_not_matter() -> None:
    first = block("The roof is to be repaired.", "10, 20, 300, 40") + block(
        "Three offers are asked for.", "10, 50, 300, 70"
    )
    again = first.replace("20, 300, 40", "21, 299, 41").replace("50, 300, 70", "51, 300, 71") + block(
        "None came.", "1, 2, 3, 4"
    )

    assert again[find_continuation(first, again) :] == block("None came.", "1, 2, 3, 4")


def test_scripts_without_spaces_fit_too() -> None:
    text = "中医学是以中医药理论与实践经验为主体，研究人类生命活动中健康与疾病转化规律。"
    again = text.replace("中医学是以", "中医学乃以")

    assert text[:20] + again[find_continuation(text[:20], again) :] == text


def test_texts_with_nothing_in_common_do_not_fit() -> None:
    assert find_continuation(TEXT, "Ein ganz anderer Text, über Gärten und Hunde.") is None


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pieces_are_new_only_behind_the_end_of_the_first_reading(size: int) -> None:
    continuation = Continuation(TEXT[:200])
    shown = [continuation.feed(TEXT[at : at + size]) for at in range(0, len(TEXT), size)]

    assert "".join(shown) + continuation.finish() == TEXT[200:]
    assert continuation.fits
    if size == 1:
        assert not any(shown[:200]), "nothing is shown twice"
        assert shown[201], "and nothing held back that is new"


def test_where_nothing_was_shown_everything_is_new() -> None:
    assert Continuation("").feed("all") == "all"


def test_a_second_reading_that_does_not_fit_comes_out_whole() -> None:
    continuation = Continuation("Roof and gutters. ")
    other = "zwölf Boxkämpfer " * 30

    assert continuation.feed(other) + continuation.finish() == "\n\n" + other
    assert not continuation.fits


def test_a_second_reading_shorter_than_the_first_adds_nothing() -> None:
    continuation = Continuation(TEXT)

    assert continuation.feed(TEXT[:150]) + continuation.finish() == ""
    assert continuation.fits


def test_both_are_compared_once_the_second_is_well_ahead() -> None:
    continuation = Continuation("Present were Ms Keller, Mr Ott and")
    again = "Present were Mrs Keller, Mr Ott and Dr Sahin." + " The minutes were approved." * (AHEAD // 20)

    assert continuation.feed(again).startswith(" Dr Sahin.")


@pytest.mark.parametrize("again", ["", "\n", "<|ref|>"])
def test_a_second_reading_without_words_fits_and_adds_nothing(again: str) -> None:
    continuation = Continuation(TEXT)

    assert continuation.feed(again) + continuation.finish() == ""
    assert continuation.fits
