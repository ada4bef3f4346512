"""What leaves the search: files that are gone, findings that are removed."""

from collections.abc import Collection, Sequence
from pathlib import PurePath
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select, update

from tasks.library.paths import folder_of
from tasks.search import embeddings, texts
from tasks.store.models import files, photos, shown
from tasks.store.rows import change
from tasks.store.session import Store

GONE_S: Final = 86_400.0
"""So long a photo is kept whose file is gone: it may have been moved, and is known again when it is looked at."""

BATCH: Final = 500


def lose(connection: Connection, keys: Sequence[str], now: float) -> None:
    """Files that are in `files` still are not where they were."""
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        paths = select(files.c.path).where(files.c.key.in_(some))
        rows = connection.execute(select(photos).where(photos.c.path.in_(paths), photos.c.gone_at.is_(None))).all()
        if rows:
            leave(connection, rows, set(connection.scalars(paths)), now)


def leave(connection: Connection, rows: Sequence[Row[Any]], paths: Collection[str], now: float) -> None:
    """Photos are not in these files any more: they are found where else their content lies, or no more.

    Args:
        rows: of `photos`.
    """
    contents = {row.sha256 for row in rows}
    others = select(files.c.sha256, files.c.path).where(files.c.sha256.in_(contents), files.c.path.not_in(paths))
    elsewhere = {row.sha256: row.path for row in connection.execute(others.order_by(files.c.path.desc()))}
    moved = [
        {"id": row.id, "path": path, "folder": folder_of(path), "name": PurePath(path).name}
        for row in rows
        if (path := elsewhere.get(row.sha256)) is not None
    ]
    if moved:
        change(connection, photos, ["id"], moved)
        texts.write(connection, texts.photos_of(connection, [each["id"] for each in moved]), {})
    gone = [row.id for row in rows if row.sha256 not in elsewhere]
    if gone:
        connection.execute(update(photos).where(photos.c.id.in_(gone)).values(gone_at=now))


def remove_gone(store: Store, before: float) -> int:
    """Remove some hundred photos that were gone before a time; how many."""
    some = select(photos.c.id).where(photos.c.gone_at < before).limit(BATCH).with_for_update(skip_locked=True)
    with store.write() as connection:
        return connection.execute(delete(photos).where(photos.c.id.in_(some))).rowcount


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Findings are about to be removed, by their rows: photos show them no more, and those without any are gone."""
    which = shown.c.result_id.in_(ids)
    over = connection.execute(select(shown.c.photo_id, shown.c.analysis).where(which)).all()
    if not over:
        return
    connection.execute(delete(shown).where(which))
    of = sorted({row.photo_id for row in over})
    left = set(connection.scalars(select(shown.c.photo_id).where(shown.c.photo_id.in_(of))))
    if bare := [photo_id for photo_id in of if photo_id not in left]:
        connection.execute(delete(photos).where(photos.c.id.in_(bare)))
    for kind in embeddings.KINDS:
        if some := sorted({row.photo_id for row in over if row.analysis == kind} & left):
            embeddings.remove(connection, some, kind)
    if read := {row.photo_id for row in over if row.analysis in texts.READ} & left:
        texts.write(connection, texts.photos_of(connection, read), {})
