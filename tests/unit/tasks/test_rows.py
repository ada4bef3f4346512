"""Many rows added and changed at once, by whichever way a database takes them."""

import pytest
from sqlalchemy import insert, select

from tasks.store.models import events, items, jobs, photos, spaces, texts, vectors
from tasks.store.rows import add, change, into, one_of
from tasks.store.session import Store

JOB = {"id": "a" * 32, "kind": "photos", "state": "queued", "priority": "bulk", "tasks": ["ocr"], "options": {}}
NAMES = ["plain", "nul\0inside", "quo'te", "back\\slash", "{brace},comma", "发票", "NULL", ""]


@pytest.fixture
def job(store: Store) -> str:
    with store.write() as connection:
        connection.execute(insert(jobs).values(**JOB, listing=False, created_at=0.0))
        rows = [{"job_id": JOB["id"], "name": name, "state": "queued", "tasks": ["ocr", name]} for name in NAMES]
        add(connection, insert(items), rows)
    return str(JOB["id"])


def _kept(store: Store, name: str) -> str:
    return name if store.engine.dialect.name == "sqlite" else name.replace("\0", "\ufffd")  # which has no NUL


def test_what_is_added_is_there_with_what_was_not_named(store: Store, job: str) -> None:
    with store.read() as connection:
        rows = connection.execute(select(items).order_by(items.c.id)).all()
    assert [(row.name, row.tasks, row.attempts, row.page) for row in rows] == [
        (_kept(store, name), ["ocr", _kept(store, name)], 0, None) for name in NAMES
    ]


def test_rows_are_changed_each_to_its_own_values_and_others_stay(store: Store, job: str) -> None:
    with store.write() as connection:
        ids = connection.scalars(select(items.c.id).order_by(items.c.id)).all()
        values = [
            {
                "id": row,
                "results": {"ocr": n} if n else None,
                "cached": [str(n)],
                "width": n or None,
                "finished_at": 0.5,
            }
            for n, row in enumerate(ids[:-1])
        ]
        change(connection, items, ["id"], values)
    with store.read() as connection:
        rows = connection.execute(select(items).order_by(items.c.id)).all()
    assert [(row.results, row.cached, row.width, row.finished_at) for row in rows[:-1]] == [
        (value["results"], value["cached"], value["width"], 0.5) for value in values
    ]
    assert (rows[-1].results, rows[-1].finished_at, rows[-1].name) == (None, None, NAMES[-1])


def test_all_columns_that_rows_are_known_by_must_be_the_same(store: Store, job: str) -> None:
    frames = [{"job_id": job, "seq": n, "type": "item", "item_id": n, "body": None, "at": 0.0} for n in (1, 2)]
    with store.write() as connection:
        add(connection, insert(events), frames)
        said = [{"job_id": job, "seq": 2, "body": {"status": "done"}}, {"job_id": "b" * 32, "seq": 1, "body": {}}]
        change(connection, events, ["job_id", "seq"], said)
    with store.read() as connection:
        assert connection.execute(select(events.c.seq, events.c.body).order_by(events.c.seq)).all() == [
            (1, None),
            (2, {"status": "done"}),
        ]


def test_what_is_there_already_is_written_over_where_that_is_said(store: Store) -> None:
    photo = {"sha256": "c" * 64, "page": 0, "name": "a", "folder": "", "width": 1, "height": 1}
    with store.write() as connection:
        number = connection.execute(insert(photos).values(photo).returning(photos.c.id)).scalar_one()
        for words in ("'one':1 'two':2,3", "'发票':1"):
            adding = into(connection, texts)
            newer = {"words": adding.excluded.words}
            adding = adding.on_conflict_do_update(index_elements=["photo_id"], set_=newer)
            add(connection, adding, [{"photo_id": number, "words": words}])
    with store.read() as connection:
        assert connection.execute(select(texts)).all() == [(number, "'发票':1")]


def test_bytes_and_paths_are_added_and_changed_as_they_are(store: Store) -> None:
    photo = {"sha256": "c" * 64, "page": 0, "name": "a", "folder": "", "width": 1, "height": 1}
    with store.write() as connection:
        number = connection.execute(insert(photos).values(photo).returning(photos.c.id)).scalar_one()
        kind = {"kind": "clip", "model": "m", "revision": "1", "dim": 3}
        space = connection.execute(insert(spaces).values(kind).returning(spaces.c.id)).scalar_one()
        rows = [
            {"photo_id": number, "space": space, "face": n, "data": bytes([0, n, 255]), "at": 0.5} for n in range(3)
        ]
        add(connection, insert(vectors), rows)
        change(connection, photos, ["id"], [{"id": number, "path": "/ä/'b", "folder": "/ä"}])
    with store.read() as connection:
        kept = connection.execute(select(vectors.c.data).order_by(vectors.c.face)).scalars()
        assert [bytes(data) for data in kept] == [row["data"] for row in rows]
        assert connection.execute(select(photos.c.path, photos.c.folder)).all() == [("/ä/'b", "/ä")]


@pytest.mark.parametrize("wanted", [[], ["发票", "plain", "plain"], ["nobody", "quo'te"]])
def test_rows_with_one_of_many_values_are_found(store: Store, job: str, wanted: list[str]) -> None:
    with store.read() as connection:
        found = connection.scalars(select(items.c.name).where(one_of(connection, items.c.name, wanted))).all()
    assert sorted(found) == sorted({*wanted} & {*NAMES})


def test_rows_with_one_of_many_numbers_are_found(store: Store, job: str) -> None:
    with store.read() as connection:
        ids = connection.scalars(select(items.c.id).order_by(items.c.id)).all()
        found = connection.scalars(select(items.c.id).where(one_of(connection, items.c.id, [*ids[2:4], -1]))).all()
    assert sorted(found) == ids[2:4]
