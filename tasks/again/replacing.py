"""A photo's finding replaced by another, everywhere at once: in the memory, in jobs, and what was there into history.

All of it is one part of a transaction of somebody else's, so that no reader sees half of it.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, delete, insert, select, update

from tasks import results
from tasks.results import Finding
from tasks.store.models import history, items, photos, shown
from tasks.store.models import results as kept
from tasks.store.rows import change

REPROCESS: Final = "reprocess"
RESTORE: Final = "restore"
LATER_S: Final = 1e-5
"""So much younger a finding is than those that it replaces, at least."""

_KEY: Final = ("sha256", "analysis", "model", "revision", "options")
_PAST: Final = (*_KEY, "width", "height", "body", "created_at")


def keep_all(connection: Connection, found: Sequence[tuple[str, Finding]], now: float) -> list[int]:
    """As `results.keep_all`, but what is there already is replaced."""
    return [replace(connection, sha256, finding, now, REPROCESS) for sha256, finding in found]


def replace(connection: Connection, sha256: str, finding: Finding, now: float, reason: str) -> int:
    """Make a finding the one that a photo shows; its row.

    What the photo showed, and what the same model had found, goes into history unless it is the same again; and what
    becomes the finding leaves history, if it was there.
    """
    rows = _lock(connection, sha256, finding)
    before = _shown(connection, sha256, finding.analysis, rows)
    new = {**dict(zip(_KEY, (sha256, *_name(finding)), strict=True)), "body": finding.body}
    for row in rows:
        if (row.id == before or _name(row) == _name(finding)) and not _same(row._mapping, new):
            _leave_history(connection, row._mapping)
            past = {name: row._mapping[name] for name in _PAST}
            connection.execute(insert(history).values(**past, replaced_at=now, reason=reason))
    _leave_history(connection, new)  # after what was added, as SQLite gives the last number again
    row_id = results.keep_all(connection, [(sha256, finding)], now)[0]
    of = {"width": finding.width, "height": finding.height, "body": finding.body}
    at = max([now, *(row.created_at + LATER_S for row in rows)])  # who came first may have waited for who came second
    connection.execute(update(kept).where(kept.c.id == row_id).values(created_at=at, **of))
    # Whoever tells a search of it finds nothing noted, and so looks at it anew though the row may be the same.
    connection.execute(delete(shown).where(shown.c.result_id.in_({row_id, before or row_id})))
    _point_items(connection, sha256, finding.analysis, row_id)
    return row_id


def _lock(connection: Connection, sha256: str, finding: Finding) -> Sequence[Row[Any]]:
    """All findings of this analysis of the photo; who shows one now has done so, or waits until this is over."""
    mine = kept.c.sha256 == sha256, kept.c.analysis == finding.analysis, kept.c.options == finding.options
    return connection.execute(select(kept).where(*mine).order_by(kept.c.id).with_for_update()).all()


def _shown(connection: Connection, sha256: str, analysis: str, rows: Sequence[Row[Any]]) -> int | None:
    """The row that the photo shows; the newest, where none is noted."""
    noted = select(shown.c.result_id).join(photos, photos.c.id == shown.c.photo_id)
    one = photos.c.sha256 == sha256, photos.c.page == 0, shown.c.analysis == analysis
    row: int | None = connection.scalar(noted.where(*one))
    if row is None and rows:
        row = max(rows, key=lambda each: (each.created_at, each.id)).id
    return row


def _name(finding: Any) -> tuple[str, ...]:
    return finding.analysis, finding.model, finding.revision, finding.options


def _same(one: Any, other: Any) -> bool:
    return all(one[name] == other[name] for name in _KEY) and _written(one["body"]) == _written(other["body"])


def _written(body: Any) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def _leave_history(connection: Connection, finding: Any) -> None:
    """Remove a finding from history, where it stands once at most."""
    past = [history.c[name] == finding[name] for name in _KEY]
    same = [
        row.id
        for row in connection.execute(select(history.c.id, history.c.body).where(*past))
        if _written(row.body) == _written(finding["body"])
    ]
    if same:
        connection.execute(delete(history).where(history.c.id.in_(same)))


def _point_items(connection: Connection, sha256: str, analysis: str, row_id: int) -> None:
    """Let every photo of every job with these bytes show a finding, if it shows one of this analysis."""
    query = select(items.c.id, items.c.results).where(items.c.sha256 == sha256, items.c.page.is_(None))
    changes = [
        {"id": item.id, "results": {**item.results, analysis: row_id}}
        for item in connection.execute(query.where(items.c.state == "done").order_by(items.c.id).with_for_update())
        if (item.results or {}).get(analysis, row_id) != row_id
    ]
    if changes:
        change(connection, items, ["id"], changes)
