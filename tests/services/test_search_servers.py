"""Search on PostgreSQL: its index of words, its buckets, and several writers at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select, text

from tasks.search import queries
from tasks.search.filters import Filters
from tasks.search.text import find
from tasks.search.text_postgres import Words
from tasks.search.texts import BUCKETS, bucket, literal
from tasks.store.models import photos, shown, vectors
from tasks.store.session import Store
from tests.services.postgres import Postgres
from tests.unit.tasks.search.conftest import add, clip, ocr
from tests.unit.tasks.search.test_text import EXPECTED, NOTICE, RECEIPT, SIGN

FAR = 1 << BUCKETS[0]


@pytest.fixture
def pg_store(postgres: Postgres) -> Iterator[Store]:
    """A migrated store on PostgreSQL."""
    made = Store(postgres.migrated())
    yield made
    made.close()


def test_the_same_is_found_as_by_sqlite(pg_store: Store) -> None:
    with pg_store.write() as connection:
        for name, lines in (("receipt", RECEIPT), ("sign", SIGN), ("notice", NOTICE)):
            add(connection, name, ocr(*lines))
        names = {row.id: row.name for row in connection.execute(select(photos.c.id, photos.c.name))}

        def found(query: str) -> list[str]:
            hits = find(connection, queries.parse(query).terms, Filters(), 10)
            return [names[hit.photo_id] for hit in hits]

        assert {query: found(query) for query in EXPECTED} == EXPECTED


def test_the_newest_come_first_from_whatever_bucket(pg_store: Store) -> None:
    ids = [1, 3 * FAR, 3 * FAR + 1, 400 * FAR]
    photo = {"page": 0, "name": "p", "folder": "", "width": 1, "height": 1}
    with pg_store.write() as connection:
        connection.execute(insert(photos), [{**photo, "id": number, "sha256": str(number)} for number in ids])
        adding = text("INSERT INTO texts VALUES (:id, CAST(:words AS tsvector))")
        for number in ids:
            placed = ["many"] if number == ids[1] else ["many", "words"]
            words = literal(placed, [bucket(number, bits) for bits in BUCKETS])
            connection.execute(adding, {"id": number, "words": words})
        for words, wanted in (("many", ids), ('"many words"', [ids[0], *ids[2:]])):
            for most in (1, 10):
                found = Words(connection, Filters()).newest([queries.parse(words).terms], most)[0]
                assert found == wanted[::-1][:most]
        several = [queries.parse(words).terms for words in ("many", '"many words"', "nobody", "words")]
        rare = [ids[0], *ids[2:]][::-1]
        assert Words(connection, Filters()).newest(several, 10) == [ids[::-1], rare, [], rare]


def test_writers_that_meet_leave_one_photo_with_one_vector(pg_store: Store) -> None:
    both = threading.Barrier(2)

    def finish(number: int) -> None:
        both.wait(10)
        with pg_store.write() as connection:
            add(connection, "same.jpg", clip(1.0, 2.0), ocr(f"from {number}"), job_id=f"{number:032}")

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(finish, range(2)))
        with pg_store.write() as connection:
            assert len(connection.execute(select(vectors)).all()) == 1
            assert len(connection.execute(select(shown)).all()) == 2
            connection.execute(photos.delete())
