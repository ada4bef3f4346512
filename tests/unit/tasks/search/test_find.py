"""One search over text and pictures together."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from tasks.errors import PhotoUnknown
from tasks.search import find, queries
from tasks.search.filters import Filters
from tasks.search.find import Asked, Meaning, Page
from tasks.search.nearest import Nearest
from tasks.store.models import corrections, people, person_faces
from tasks.store.session import Store
from tests.unit.tasks.search.conftest import NOW, add, clip, faces, ocr, sha

Search = Callable[..., Page]


@pytest.fixture
def search(store: Store, tmp_path: Path) -> Iterator[Search]:
    nearest = Nearest(store, tmp_path)
    yield lambda **asked: find.search(store, nearest, Asked(**asked))
    nearest.close()


@pytest.fixture(autouse=True)
def _photos(store: Store) -> None:
    with store.write() as connection:
        add(connection, "cat.jpg", ocr("a sign", "the cat"), clip(1.0, 0.1, 0.0), path="/p/cat.jpg")
        add(connection, "dog.jpg", ocr("the dog"), clip(0.0, 1.0, 0.0), path="/q/dog.jpg", taken_at=NOW)
        add(connection, "note.png", ocr("cat food"), job_id="9" * 32)
        add(connection, "two.jpg", faces((1.0, 0.0), (0.0, 1.0)), clip(0.9, 0.2, 0.1), path="/p/two.jpg")
        add(connection, "one.jpg", faces((0.1, 1.0)), path="/p/one.jpg")


def terms(query: str) -> Any:
    return queries.parse(query).terms


def names(page: Page) -> list[str]:
    return [item["name"] for item in page.items]


CAT = Meaning((1.0, 0.0, 0.0), "clip", "1")


def test_what_text_and_picture_both_say_comes_first(search: Search) -> None:
    page = search(terms=terms("cat"), meaning=CAT)
    assert names(page)[0] == "cat.jpg"
    assert page.items[0]["found_by"] == ["text", "image"]
    assert set(names(page)) == {"cat.jpg", "note.png", "two.jpg", "dog.jpg"}
    assert (page.models, page.notes) == ({"image": "clip"}, [])


def test_a_match_is_the_line_that_has_the_words_and_its_box(search: Search, store: Store) -> None:
    item = search(terms=terms("CAT"), filters=Filters(folder="/p")).items[0]
    assert item["matches"] == [{"text": "the cat", "box": [[0, 20], [100, 20], [100, 35], [0, 35]]}]
    assert (item["library"], item["path"], item["score"] > 0) == ("/p", "/p/cat.jpg", True)
    with store.write() as connection:
        connection.execute(insert(corrections).values(sha256=sha("cat.jpg"), text="a new line\nThe Cat", at=NOW))
    item = search(terms=terms("cat"), filters=Filters(folder="/p")).items[0]
    assert item["matches"] == [{"text": "The Cat", "box": [[0, 20], [100, 20], [100, 35], [0, 35]]}]


def test_photos_like_one_are_others(search: Search) -> None:
    assert names(search(like=sha("cat.jpg"))) == ["two.jpg", "dog.jpg"]
    with pytest.raises(PhotoUnknown):
        search(like=sha("note.png"))


def test_a_face_is_found_on_other_photos_with_its_place(search: Search) -> None:
    page = search(face=(sha("one.jpg"), 0))
    assert names(page) == ["two.jpg"]
    assert page.items[0]["matches"] == [{"text": "", "box": [10, 10, 18, 20]}]
    assert page.models == {"face": "faces"}
    with pytest.raises(PhotoUnknown):
        search(face=(sha("one.jpg"), 1))


def test_pages_follow_each_other_without_a_gap(search: Search) -> None:
    asked = {"terms": terms("cat"), "meaning": CAT}
    whole = names(search(**asked))
    pages = [search(**asked, start=start, limit=2) for start in (0, 2)]
    assert [name for page in pages for name in names(page)] == whole
    assert [page.more for page in pages] == [True, False]


def test_without_words_the_newest_photos_that_the_filters_let_through(search: Search, store: Store) -> None:
    assert names(search()) == ["one.jpg", "two.jpg", "note.png", "dog.jpg", "cat.jpg"]
    assert names(search(limit=1, start=1, filters=Filters(folder="/p"))) == ["two.jpg"]
    with store.write() as connection:
        connection.execute(insert(people).values(id="ann", space=2, created_at=NOW))
        connection.execute(insert(person_faces).values(vector_id=4, person_id="ann", pinned=True))
    assert names(search(filters=Filters(person="ann"))) == ["two.jpg"]


def test_models_do_not_mix_and_what_is_left_out_is_said(search: Search, store: Store) -> None:
    with store.write() as connection:
        add(connection, "other.jpg", clip(1.0, 0.0, 0.0, revision="2"))
    page = search(meaning=CAT)
    assert names(page) == ["cat.jpg", "two.jpg", "dog.jpg"]
    assert page.notes == ["Photos that clip has not looked at are searched by their text only."]
    assert names(search(meaning=Meaning((1.0, 0.0, 0.0), "clip", "2"))) == ["other.jpg"]
    page = search(meaning=Meaning((1.0, 0.0), "another", None))
    assert (page.items, page.models) == ([], {"image": "another"})
    assert page.notes == ["No photo has a vector of another yet: rescan with clip among the tasks."]
