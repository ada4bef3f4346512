"""An earlier finding of a photo made the one that it shows."""

import time

from sqlalchemy import Connection, select

from tasks.again import replacing
from tasks.errors import HistoryUnknown
from tasks.results import Finding
from tasks.search import index
from tasks.search.index import Entry
from tasks.store.again import again
from tasks.store.models import history, photos
from tasks.store.session import Store


@again
def restore(store: Store, sha256: str, number: int) -> None:
    """Show an earlier finding again, by its number in the photo's history; what it replaces goes there.

    Raises:
        HistoryUnknown: the photo has no such finding.
    """
    now = time.time()
    with store.write() as connection:
        query = select(history).where(history.c.id == number, history.c.sha256 == sha256)
        row = connection.execute(query).first()
        if row is None:
            message = f"The photo has no earlier finding {number}."
            raise HistoryUnknown(message, f"GET /api/photos/{sha256} lists those that it has.")
        finding = Finding(row.analysis, row.model, row.revision, row.width, row.height, row.body, row.options)
        row_id = replacing.replace(connection, sha256, finding, now, replacing.RESTORE)
        _tell_search(connection, sha256, finding, row_id, now)


def _tell_search(connection: Connection, sha256: str, finding: Finding, row_id: int, now: float) -> None:
    """A photo that is gone for now is told of by the rescan that finds it again."""
    there = photos.c.sha256 == sha256, photos.c.page == 0, photos.c.gone_at.is_(None)
    photo = connection.execute(select(photos).where(*there)).first()
    if photo is not None:
        of = {"path": photo.path, "job_id": photo.job_id, "taken_at": photo.taken_at}
        shows, found = {finding.analysis: row_id}, {finding.analysis: finding}
        index.put(connection, [Entry(sha256, photo.name, shows, photo.width, photo.height, found=found, **of)], now)
