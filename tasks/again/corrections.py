"""A photo's text as a person wrote it: kept apart from what was read, shown first, and preferred by search."""

import time
from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select

from tasks.again import sources
from tasks.search import texts
from tasks.store.again import again
from tasks.store.models import corrections, photos
from tasks.store.rows import into
from tasks.store.session import Store

MOST_CHARACTERS: Final = 100_000
"""Of a correction; a page of dense print has some thousand."""


def of(connection: Connection, contents: Collection[str]) -> dict[str, dict[str, Any]]:
    """The corrections of photos, by sha256: `text`, and when it was written, `at` (seconds since 1970)."""
    if not contents:
        return {}
    c = corrections.c
    rows = connection.execute(select(c.sha256, c.text, c.at).where(c.sha256.in_(list(contents))))
    return {row.sha256: {"text": row.text, "at": row.at} for row in rows}


def of_items(connection: Connection, rows: Iterable[Row[Any]]) -> dict[str, dict[str, Any]]:
    """The same of those photos among some items that were read."""
    return of(connection, {row.sha256 for row in rows if row.sha256 and "ocr" in (row.results or {})})


@again
def write(store: Store, sha256: str, text: str) -> None:
    """Say what a photo's text is; search looks through it instead of what was read.

    Raises:
        PhotoUnknown: nothing is known of such a photo.
    """
    with store.write() as connection:
        if not sources.is_known(connection, sha256):
            raise sources.unknown(sha256)
        values = {"text": text, "at": time.time()}
        writing = into(connection, corrections).values(sha256=sha256, **values)
        connection.execute(writing.on_conflict_do_update(index_elements=["sha256"], set_=values))
        _tell_search(connection, sha256)


@again
def remove(store: Store, sha256: str) -> None:
    """Forget a photo's correction, if it has one: what was read counts again."""
    with store.write() as connection:
        connection.execute(delete(corrections).where(corrections.c.sha256 == sha256))
        _tell_search(connection, sha256)


def _tell_search(connection: Connection, sha256: str) -> None:
    photo = select(photos.c.id).where(photos.c.sha256 == sha256, photos.c.page == 0).with_for_update()
    ids = list(connection.scalars(photo))
    if ids:
        texts.write(connection, texts.photos_of(connection, ids), {})
