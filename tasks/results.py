"""The memory of what was found: by content, analysis, model, revision and options.

The same photo sent again, by any protocol, is answered from here. An empty result is a result.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, or_, select

from monitoring import metrics
from tasks.store.models import results
from tasks.store.rows import into, one_of
from tasks.store.session import Store

_COLUMNS = (
    results.c.analysis,
    results.c.model,
    results.c.revision,
    results.c.width,
    results.c.height,
    results.c.body,
    results.c.options,
    results.c.id,
)
_UNIQUE = ("sha256", "analysis", "model", "revision", "options")


@dataclass(frozen=True, slots=True)
class Finding:
    """One analysis of one photo.

    Attributes:
        id: its row, 0 before it is kept.
        model: name of the model that ran.
        revision: of model and pipeline.
        width: pixels of the upright picture.
        height: pixels of the upright picture.
        body: as `tasks.inference` describes it.
        options: `Wanted.key` of what was asked for.
    """

    analysis: str
    model: str
    revision: str
    width: int
    height: int
    body: dict[str, Any]
    options: str = ""
    id: int = 0


def lookup(store: Store, sha256: str, wanted: Mapping[str, tuple[str, str, str]]) -> dict[str, Finding]:
    """Findings that are there, of the wanted analyses: analysis -> (model, revision, options)."""
    if not wanted:
        return {}
    given = {"sha256": sha256}
    for place, (analysis, of) in enumerate(wanted.items()):
        given.update(zip((f"{name}{place}" for name in _UNIQUE[1:]), (analysis, *of), strict=True))
    with store.read() as connection:
        rows = connection.execute(_looking(len(wanted)), given)
        return {finding.analysis: finding for finding in (Finding(*row) for row in rows)}


@cache
def _looking(count: int) -> Select[Any]:
    """Findings of a photo by so many whole keys, as a document's pages are many findings of one content."""
    each = (and_(*(results.c[name] == bindparam(f"{name}{place}") for name in _UNIQUE[1:])) for place in range(count))
    return select(*_COLUMNS).where(results.c.sha256 == bindparam("sha256"), or_(*each))


def count_lookups(found: Collection[str], missed: int) -> None:
    """Findings that were looked for: the analyses whose were there, and how many were not."""
    metrics.CACHE_LOOKUPS.labels("hit").inc(len(found))
    metrics.CACHE_LOOKUPS.labels("miss").inc(missed)
    for analysis in found:
        metrics.ITEMS.labels(analysis, "cached").inc()


def by_id(store: Store, ids: Iterable[int]) -> dict[int, Finding]:
    """Findings by their rows."""
    with store.read() as connection:
        return among(connection, ids)


def among(connection: Connection, ids: Iterable[int]) -> dict[int, Finding]:
    """The same within a transaction."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = connection.execute(select(*_COLUMNS).where(one_of(connection, results.c.id, wanted)))
    return {finding.id: finding for finding in (Finding(*row) for row in rows)}


def held(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Which of these rows are there; they stay until the transaction ends."""
    wanted = set(ids)
    if not wanted:
        return set()
    query = select(results.c.id).where(one_of(connection, results.c.id, wanted))
    return set(connection.scalars(query.with_for_update(read=True, key_share=True)))


def keep(store: Store, sha256: str, finding: Finding) -> int:
    """Keep a finding and return its row; one that is there already stays as it is."""
    with store.write() as connection:
        return keep_all(connection, [(sha256, finding)], time.time())[0]


def keep_all(connection: Connection, found: Sequence[tuple[str, Finding]], now: float) -> list[int]:
    """Keep findings of photos, by their sha256, and return their rows; those that are there stay as they are."""
    fresh = {_key(sha256, finding): (sha256, finding) for sha256, finding in found}
    if not fresh:
        return []
    adding = into(connection, results)
    # An update that changes nothing makes the database give the row of a finding that is there.
    adding = adding.on_conflict_do_update(index_elements=_UNIQUE, set_={"sha256": adding.excluded.sha256})
    rows = connection.execute(
        adding.returning(results.c.id, *(results.c[name] for name in _UNIQUE)),
        [
            {
                **dict(zip(_UNIQUE, key, strict=True)),
                "width": finding.width,
                "height": finding.height,
                "body": finding.body,
                "created_at": now,
            }
            for key, (_, finding) in sorted(fresh.items())  # in one order by all, or two would wait for each other
        ],
    )
    ids = {tuple(row[1:]): int(row[0]) for row in rows}
    return [ids[_key(sha256, finding)] for sha256, finding in found]


def _key(sha256: str, finding: Finding) -> tuple[str, ...]:
    return (sha256, finding.analysis, finding.model, finding.revision, finding.options)


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding as it travels in an answer."""
    return {name: getattr(finding, name) for name in finding.__slots__}
