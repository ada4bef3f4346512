"""What was done again by hand stands: a rescan that is answered from memory does not bring back what it replaced."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from tasks.analyses import ANALYSES
from tasks.store.models import history, photos, results, shown

Shown = dict[str, int]
"""Rows of findings, by analysis."""


def chosen(connection: Connection, finished: Mapping[int, tuple[str | None, Shown]]) -> dict[int, Shown]:
    """What items show, that are finished just now, of whose photos something newer was chosen by hand.

    Args:
        finished: items, with the sha256 of each and what it was finished with.
    """
    newer = instead(connection, {sha256 for sha256, ids in finished.values() if sha256 and ids})
    return {
        key: {analysis: newer.get(row, row) for analysis, row in ids.items()}
        for key, (_, ids) in finished.items()
        if not newer.keys().isdisjoint(ids.values())
    }


def instead(connection: Connection, contents: Collection[str]) -> dict[int, int]:
    """Findings of these photos that something newer has replaced, by their rows, and the row of what is shown now.

    Only photos with a history are looked at; most have none, and cost little.
    """
    if not contents:
        return {}
    done_again = select(history.c.sha256).where(history.c.sha256.in_(list(contents))).distinct()
    some = list(connection.scalars(done_again))
    if not some:
        return {}
    r = results.c
    query = select(r.id, r.sha256, r.analysis, r.created_at)
    query = query.where(r.sha256.in_(some), r.analysis.in_(ANALYSES), r.options == "").order_by(r.created_at, r.id)
    # Locked, so that none of them is forgotten before the items that show them are there.
    rows = {row.id: row for row in connection.execute(query.with_for_update(read=True, key_share=True))}
    now = {(row.sha256, row.analysis): row.id for row in rows.values()}  # the newest, where none is noted
    noted = select(photos.c.sha256, shown.c.analysis, shown.c.result_id).join(shown, shown.c.photo_id == photos.c.id)
    for row in connection.execute(noted.where(photos.c.sha256.in_(some), photos.c.page == 0)):
        if row.result_id in rows:
            now[row.sha256, row.analysis] = row.result_id
    return {
        row.id: now[row.sha256, row.analysis]
        for row in rows.values()
        if row.created_at < rows[now[row.sha256, row.analysis]].created_at
    }
