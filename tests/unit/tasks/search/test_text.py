"""Full text search over photos as workers finish them."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, select

from tasks.search import queries, text
from tasks.search.filters import Filters
from tasks.store.models import photos
from tests.unit.tasks.search.conftest import ocr

RECEIPT = ("上海虹桥机场", "出租汽车专用发票", "Total Amount ¥ 12.50", "iPhone15手机壳")
SIGN = ("Café Zürich", "開放時間 ９：００", "ラーメン")
NOTICE = ("Nürnberg Hbf", "机场大巴", "Amount due, in total")


@pytest.fixture
def found(writing: Connection, put: Callable[..., None]) -> Callable[..., list[str]]:
    """Names of what a query finds, best first."""
    put("receipt", ocr(*RECEIPT), path="/photos/2024/trip/receipt.jpg", changed_at=1_710_000_000.0)
    put("sign", ocr(*SIGN), path="/photos/2023/sign.jpg", changed_at=1_690_000_000.0)
    put("notice", ocr(*NOTICE), path="/photos/2024/notice.jpg", changed_at=1_711_000_000.0)
    put("blank", ocr())
    names = {row.id: row.name for row in writing.execute(select(photos.c.id, photos.c.name))}

    def find(query: str, **filters: object) -> list[str]:
        terms = queries.parse(query).terms
        return [names[hit.photo_id] for hit in text.find(writing, terms, Filters(**filters), 10)]  # type: ignore[arg-type]

    return find


EXPECTED = {
    "虹桥": ["receipt"],
    "机场 发票": ["receipt"],
    "桥": ["receipt"],
    "TOTAL 发票": ["receipt"],
    "iphone15": ["receipt"],
    "手机壳": ["receipt"],
    "12.50": ["receipt"],
    "cafe zurich": ["sign"],
    "ラーメン": ["sign"],
    "9:00": ["sign"],
    "開放": ["sign"],
    '"total amount"': ["receipt"],
    '"amount total"': [],
    "昆明": [],
    "¥": [],
}


def test_a_query_finds_what_has_its_words(found: Callable[..., list[str]]) -> None:
    assert {query: found(query) for query in EXPECTED} == EXPECTED


def test_what_has_all_words_comes_before_what_has_most(found: Callable[..., list[str]]) -> None:
    assert set(found("total amount")) == {"receipt", "notice"}
    assert found("机场 due")[0] == "notice"


def test_a_misread_character_does_not_hide_a_photo_unless_quotes_say_so(found: Callable[..., list[str]]) -> None:
    assert found("出租气车专用发票") == ["receipt"]
    assert found('"出租气车专用发票"') == []


def test_folders_and_times_limit_a_search(found: Callable[..., list[str]]) -> None:
    assert set(found("机场")) == {"receipt", "notice"}
    assert set(found("机场", folder="/photos/2024")) == {"receipt", "notice"}
    assert found("机场", folder="/photos/2024/trip/") == ["receipt"]
    assert found("机场", folder="/photos/20") == []
    assert found("机场", since=1_710_500_000.0) == ["notice"]
    assert found("机场", until=1_710_500_000.0) == ["receipt"]
    assert found("cafe", since=1_700_000_000.0) == []
    assert found("cafe", since=1_689_999_999.0, until=1_690_000_001.0) == ["sign"]
