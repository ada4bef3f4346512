"""What a search looks through follows what is shown."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, insert, select

from tasks.search import leaving, queries, text, texts
from tasks.search.filters import Filters
from tasks.store.models import corrections, files, photos, results, shown, spaces, vectors
from tests.unit.tasks.search.conftest import NOW, clip, faces, ocr, sha

Put = Callable[..., None]


def found(connection: Connection, query: str, **filters: Any) -> list[str]:
    hits = text.find(connection, queries.parse(query).terms, Filters(**filters), 10)
    names = {row.id: row.name for row in connection.execute(select(photos.c.id, photos.c.name))}
    return [names[hit.photo_id] for hit in hits]


def rows(connection: Connection, *columns: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(select(*columns))]


def test_a_newer_finding_takes_the_place_of_the_older_and_the_others_stay(writing: Connection, put: Put) -> None:
    put("a.jpg", ocr("first words"), clip(3.0, 4.0))
    before = rows(writing, vectors.c.id, vectors.c.data)
    put("a.jpg", ocr("second words", revision="2"))
    assert (found(writing, "first"), found(writing, "second")) == ([], ["a.jpg"])
    assert rows(writing, vectors.c.id, vectors.c.data) == before
    put("a.jpg", ocr(revision="3"))
    assert found(writing, "second") == []


def test_vectors_are_of_length_one_and_models_have_spaces_of_their_own(writing: Connection, put: Put) -> None:
    put("a.jpg", clip(3.0, 4.0))
    put("b.jpg", clip(1.0, 2.0), faces((1.0, 0.0, 0.0), (0.0, 5.0, 0.0)))
    put("c.jpg", clip(0.0, 0.0))
    assert [np.frombuffer(row.data, "<f2").tolist() for row in writing.execute(select(vectors.c.data).limit(1))] == [
        [np.float16(0.6), np.float16(0.8)]
    ]
    assert len(rows(writing, vectors.c.id)) == 4, "what has no direction is no neighbour"
    put("a.jpg", clip(3.0, 4.0, revision="2"))
    of_a = select(spaces.c.revision).join(vectors, vectors.c.space == spaces.c.id).where(vectors.c.photo_id == 1)
    assert list(writing.scalars(of_a)) == ["2"]
    assert len(rows(writing, spaces.c.id)) == 3


def test_what_is_hardly_a_face_is_nobodys(writing: Connection, put: Put) -> None:
    group = faces((1.0, 0.0), (0.0, 1.0))
    group.body["faces"][0]["score"] = 0.6
    put("a.jpg", group)
    assert rows(writing, vectors.c.face) == [(1,)]


def test_a_face_that_is_found_again_keeps_its_row(writing: Connection, put: Put) -> None:
    put("a.jpg", faces((1.0, 0.0), (0.0, 1.0)))
    before = {row.data: row.id for row in writing.execute(select(vectors))}
    put("a.jpg", faces((0.0, 1.0), (1.0, 1.0)), job_id="f" * 32)  # the same finding: nothing is done
    assert {row.data: row.id for row in writing.execute(select(vectors))} == before
    again = faces((0.0, 1.0), (1.0, 1.0))
    put("a.jpg", type(again)(**{**{n: getattr(again, n) for n in again.__slots__}, "options": "x"}))
    after = {row.data: (row.id, row.face) for row in writing.execute(select(vectors))}
    kept = set(before) & set(after)
    assert [after[data] for data in kept] == [(before[data], 0) for data in kept]
    assert (len(kept), len(after)) == (1, 2)


def test_a_correction_is_preferred(writing: Connection, put: Put) -> None:
    put("a.jpg", ocr("teh words"))
    writing.execute(insert(corrections).values(sha256=sha("a.jpg"), text="the right ones", at=NOW))
    texts.write(writing, texts.photos_of(writing, [1]), {})
    assert (found(writing, "teh"), found(writing, "right")) == ([], ["a.jpg"])
    put("a.jpg", ocr("teh wrods", revision="2"))
    assert (found(writing, "wrods"), found(writing, "right")) == ([], ["a.jpg"])


def test_pages_of_a_document_are_found_one_by_one(writing: Connection, put: Put) -> None:
    for page in (1, 2):
        finding = ocr(f"page number{page}")
        body = {"markdown": f"# Report\n\n![](images/1.jpg) number{page} <table><td>cell</td></table>"}
        of = {name: getattr(finding, name) for name in finding.__slots__} | {"analysis": "document", "body": body}
        put("report.pdf", type(finding)(**{**of, "options": str(page)}), page=page)
    assert found(writing, '"number2" report cell') == ["report.pdf"]
    assert found(writing, "images") == found(writing, "table") == []
    assert rows(writing, photos.c.page) == [(1,), (2,)]


def test_the_camera_says_when_a_photo_was_taken_and_else_its_file(writing: Connection, put: Put) -> None:
    put("a.jpg", ocr("x"), path="/p/a.jpg", changed_at=5.0)
    assert rows(writing, photos.c.taken_at) == [(5.0,)]
    put("a.jpg", ocr("x"), path="/p/a.jpg", changed_at=6.0, taken_at=2.0)
    put("a.jpg", ocr("x"), path="/p/a.jpg", changed_at=7.0)
    assert rows(writing, photos.c.taken_at) == [(2.0,)]


def test_an_upload_of_what_lies_in_a_library_leaves_it_there(writing: Connection, put: Put) -> None:
    put("a.jpg", ocr("x"), path="/p/a.jpg")
    put("upload.jpg", ocr("x"), content="a.jpg", job_id="2" * 32)
    assert rows(writing, photos.c.name, photos.c.folder, photos.c.job_id) == [("a.jpg", "/p", "2" * 32)]


def known_file(connection: Connection, key: str, path: str, content: str) -> None:
    values = {"key": key, "path": path, "sha256": sha(content), "seen_by": "j", "stamp": "1:2:3"}
    connection.execute(insert(files).values(**values))


def test_a_photo_whose_file_is_gone_is_found_at_its_other_place_or_no_more(writing: Connection, put: Put) -> None:
    put("a.jpg", ocr("words"), path="/p/a.jpg")
    known_file(writing, "1", "/p/a.jpg", "a.jpg")
    known_file(writing, "2", "/q/copy.jpg", "a.jpg")
    leaving.lose(writing, ["1"], NOW)
    assert (found(writing, "words", folder="/q"), found(writing, "words", folder="/p")) == (["copy.jpg"], [])
    writing.execute(delete(files).where(files.c.key == "1"))
    leaving.lose(writing, ["2"], NOW)
    assert found(writing, "words") == []
    put("a.jpg", ocr("words"), path="/moved/a.jpg")
    assert found(writing, "words", folder="/moved") == ["a.jpg"]
    assert rows(writing, photos.c.id) == [(1,)], "it is the same photo still"


def test_a_file_that_was_changed_shows_its_new_content_only(writing: Connection, put: Put) -> None:
    put("a.jpg", ocr("before"), path="/p/a.jpg", content="one")
    put("a.jpg", ocr("after"), path="/p/a.jpg", content="two")
    assert (found(writing, "before"), found(writing, "after")) == ([], ["a.jpg"])
    gone = select(photos.c.sha256).where(photos.c.gone_at.is_not(None))
    assert list(writing.scalars(gone)) == [sha("one")]


def test_findings_that_are_removed_leave_the_search(writing: Connection, put: Put) -> None:
    put("a.jpg", ocr("words"), clip(1.0, 0.0))
    put("b.jpg", ocr("words"))
    of_a = {row.analysis: row.id for row in writing.execute(select(results).where(results.c.sha256 == sha("a.jpg")))}
    of_b = list(writing.scalars(select(results.c.id).where(results.c.sha256 == sha("b.jpg"))))
    leaving.forget(writing, [of_a["ocr"], *of_b])
    assert found(writing, "words") == []
    assert rows(writing, photos.c.name) == [("a.jpg",)]
    assert rows(writing, shown.c.analysis) == [("clip",)]
    leaving.forget(writing, [of_a["clip"]])
    assert rows(writing, photos.c.id) == rows(writing, vectors.c.id) == []
