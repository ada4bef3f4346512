"""Texts and queries, taken apart."""

import pytest

from tasks.search import words
from tasks.search.language import language_of
from tasks.search.queries import Query, Term, parse


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Total AMOUNT", ["total", "amount"]),
        ("Ｔｏｔａｌ　Ⅷ ㈱", ["total", "viii", "株"]),
        ("Zürich Straße Ångström й", ["zurich", "strasse", "angstrom", "и"]),
        ("上海虹桥", ["上海", "海虹", "虹桥"]),
        ("ラーメン ﾗｰﾒﾝ", ["ラー", "ーメ", "メン"] * 2),
        ("が ガ", ["が", "ガ"]),
        ("서울역", ["서울", "울역"]),
        ("iPhone15手机壳", ["iphone15", "手机", "机壳"]),
        ("12.50€ IMG_2041 don't", ["12", "50", "img", "2041", "don", "t"]),
        ("हिन्दी עִבְרִית", ["हिन्दी", "עִבְרִית"]),
        ("สวัสดี", ["สว", "วั", "ัส", "สด", "ดี"]),
        ("\U00020000\U00020001", ["\U00020000\U00020001"]),
        ("a" * 100, ["a" * 64]),
        ("\0 \ue000 \ud800 ¥ 🙂 '\"\\", []),
    ],
)
def test_words_of_a_text(text: str, tokens: list[str]) -> None:
    assert words.tokens(text) == tokens


def test_single_characters_are_kept_beside_the_pairs() -> None:
    assert words.taken_apart("中国人 a 人") == (["中国", "国人", "a", "人"], ["中", "国", "人"])


def term(*tokens: str, written: str = "", exact: bool = False) -> Term:
    return Term(tokens, written or " ".join(tokens), exact)


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("", Query()),
        ("cat 猫", Query((term("cat"), term("猫")), "cat 猫")),
        ("ocr:gate 7 clip:an airport", Query((term("gate"), term("7")), "an airport")),
        ("red CLIP:bus", Query((term("red"),), "red bus")),
        ("OCR： 发票", Query((term("发票"),), "")),
        ('"Total Amount" x', Query((term("total", "amount", exact=True), term("x")), "Total Amount x")),
        ("“a 座 12”", Query((term("a", exact=True), term("座", exact=True), term("12", exact=True)), "a 座 12")),
        ("iPhone手机", Query((term("iphone"), term("手机")), "iPhone手机")),
        ("12.50", Query((term("12", "50"),), "12.50")),
        ("中国人", Query((term("中国", "国人", written="中国人"),), "中国人")),
        ('"open', Query((term("open", exact=True),), "open")),
        ("x x", Query((term("x"),), "x x")),
        ("http://a.b", Query((term("http", "a", "b"),), "http://a.b")),
        ('"" ""', Query()),
    ],
)
def test_parts_of_a_query(query: str, parts: Query) -> None:
    assert parse(query) == parts


def test_a_query_has_no_more_terms_than_are_looked_for() -> None:
    assert len(parse(" ".join(f"w{n}" for n in range(1000))).terms) == 32


def test_a_script_tells_the_language() -> None:
    texts = ("猫", "ネコと猫", "고양이", "кот", "cat", "")
    assert [language_of(text) for text in texts] == ["zh", "ja", "ko", "ru", None, None]
