"""The memory of what was found: by content, analysis, model, revision and options.

The same photo sent again, by any protocol, is answered from here. An empty result is a result.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from tasks.store.models import results
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
    query = select(*_COLUMNS).where(results.c.sha256 == sha256, results.c.analysis.in_(list(wanted)))
    with store.read() as connection:
        found = [Finding(*row) for row in connection.execute(query)]
    return {f.analysis: f for f in found if wanted[f.analysis] == (f.model, f.revision, f.options)}


def by_id(store: Store, ids: Iterable[int]) -> dict[int, Finding]:
    """Findings by their rows."""
    wanted = list(ids)
    if not wanted:
        return {}
    with store.read() as connection:
        rows = connection.execute(select(*_COLUMNS).where(results.c.id.in_(wanted)))
        return {finding.id: finding for finding in (Finding(*row) for row in rows)}


def keep(store: Store, sha256: str, finding: Finding) -> int:
    """Keep a finding and return its row; one that is there already stays as it is."""
    values = {
        "sha256": sha256,
        "analysis": finding.analysis,
        "model": finding.model,
        "revision": finding.revision,
        "options": finding.options,
    }
    try:
        with store.write() as connection:
            rest = {
                "width": finding.width,
                "height": finding.height,
                "body": finding.body,
                "created_at": time.time(),
            }
            row: int = connection.execute(insert(results).values(**values, **rest).returning(results.c.id)).scalar_one()
            return row
    except IntegrityError:
        with store.read() as connection:
            same = [results.c[name] == value for name, value in values.items()]
            there: int = connection.execute(select(results.c.id).where(*same)).scalar_one()
            return there


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding as it travels in an answer."""
    return {name: getattr(finding, name) for name in finding.__slots__}
