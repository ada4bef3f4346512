"""What was found before there was a search, told to it: a few hundred items at a time, from the newest on.

How far it has come is kept in the broker. Where that is lost it begins again, which changes nothing that is there.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, select

from tasks import results
from tasks.broker import PREFIX
from tasks.library.known import changed_at
from tasks.search import index
from tasks.search.index import Entry
from tasks.store.models import files, items, jobs, photos, shown
from tasks.store.session import Store

if TYPE_CHECKING:
    from tasks.worker import Worker

BATCH: Final = 200
BUDGET_S: Final = 2.0
_PLACE: Final = PREFIX + "search:backfill"
_DONE: Final = "done"
_ITEM: Final = ("id", "job_id", "name", "path", "page", "file", "stamp", "sha256", "results", "width", "height")
log = logging.getLogger(__name__)


def go_on(worker: "Worker") -> None:
    """Do some seconds of it, if there is anything left to do."""
    place: Any = worker.redis.get(_PLACE)
    if place is not None and place.decode() == _DONE:
        return
    before, ends = int(place) if place else None, time.monotonic() + min(BUDGET_S, worker.settings.heartbeat_s)
    while time.monotonic() < ends and not worker.stopping.is_set():
        before = step(worker.store, before)
        worker.redis.set(_PLACE, _DONE if before is None else before)
        if before is None:
            log.info("all that was found before can be searched")
            return


def step(store: Store, before: int | None = None) -> int | None:
    """Tell of some hundred finished items that are older than a row; the oldest of them, None where there are none."""
    columns = (items.c[name] for name in _ITEM)
    query = select(*columns, jobs.c.options, files.c.key.label("known"), files.c.sha256.label("content"))
    query = query.join(jobs, jobs.c.id == items.c.job_id).join(files, files.c.key == items.c.file, isouter=True)
    query = query.where(items.c.state == "done", items.c.sha256.is_not(None))
    if before is not None:
        query = query.where(items.c.id < before)
    with store.write() as connection:
        rows: Sequence[Any] = connection.execute(query.order_by(items.c.id.desc()).limit(BATCH)).all()
        there = [row for row in rows if row.results and _is_there(row)]
        index.put(connection, _unknown(connection, there), time.time())
    return rows[-1].id if rows else None


def _is_there(row: Row[Any]) -> bool:
    """A file of a library that no rescan has missed or found changed."""
    return row.file is None or (row.known is not None and row.content in (None, row.sha256))


def _unknown(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[Entry]:
    """What a search does not know of items, the oldest first; what it shows already is newer and stays."""
    same = photos.c.sha256.in_({row.sha256 for row in rows})
    known = {(row.sha256, row.page): row for row in connection.execute(select(photos).where(same))}
    query = select(shown.c.photo_id, shown.c.analysis).join(photos, photos.c.id == shown.c.photo_id)
    has = {(row.photo_id, row.analysis) for row in connection.execute(query.where(same))}
    there = results.held(connection, (finding for row in rows for finding in row.results.values()))
    for row in reversed(rows):
        photo = known.get((row.sha256, row.page or 0))
        new = {
            analysis: finding
            for analysis, finding in row.results.items()
            if finding in there and (photo is None or (photo.id, analysis) not in has)
        }
        place = photo or row
        name = row.options.get("name") if row.page and photo is None else None
        yield Entry(
            row.sha256,
            str(name or place.name),
            new,
            row.width or 0,
            row.height or 0,
            row.page or 0,
            place.path,
            place.job_id,
            changed_at=changed_at(row.stamp),
        )
