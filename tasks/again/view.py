"""All that is known of one photo, as it was at one moment."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from tasks import library, results
from tasks.again import corrections
from tasks.again.sources import unknown
from tasks.analyses import ANALYSES
from tasks.library.paths import shown as legible
from tasks.results import Finding
from tasks.store.models import history, items, jobs, people, person_faces, photos, shown, vectors
from tasks.store.models import results as kept
from tasks.store.session import Store

MOST_JOBS: Final = 20
MOST_PAST: Final = 200
PAST: Final = ("id", "analysis", "model", "revision", "created_at", "replaced_at", "reason")


def look(store: Store, sha256: str) -> dict[str, Any]:
    """A photo, the findings that it shows, its correction, its history, its people and its newest jobs.

    `findings` are `results.Finding` by analysis. Times are seconds since 1970.

    Raises:
        PhotoUnknown: nothing is known of such a photo.
    """
    with store.snapshot() as connection:
        photo = connection.execute(select(photos).where(photos.c.sha256 == sha256, photos.c.page == 0)).first()
        findings = _findings(connection, sha256, photo.id if photo else None)
        seen_in = _jobs(connection, sha256)
        if photo is None and not findings and not seen_in:
            raise unknown(sha256)
        some = photo or next(iter(findings.values()), None)
        return {
            "sha256": sha256,
            "name": photo.name if photo else next((each["name"] for each in seen_in), ""),
            "library": _legible(photo.folder) if photo else "",
            "path": _legible(photo.path) if photo and photo.path else None,
            "taken_at": photo.taken_at if photo else None,
            "width": some.width if some else None,
            "height": some.height if some else None,
            "findings": findings,
            "correction": corrections.of(connection, [sha256]).get(sha256),
            "history": _history(connection, sha256),
            "people": _people(connection, photo.id, findings) if photo else [],
            "tasks_by_job": seen_in,
        }


def _legible(path: str) -> str:
    return legible(str(library.stored(path))) if path else ""


def _findings(connection: Connection, sha256: str, photo: int | None) -> dict[str, Finding]:
    """What is noted as shown; of an analysis of which nothing is noted yet, the newest."""
    r = kept.c
    mine = r.sha256 == sha256, r.analysis.in_(ANALYSES), r.options == ""
    rows = connection.execute(select(r.analysis, r.id).where(*mine).order_by(r.created_at, r.id))
    chosen: dict[str, int] = {row.analysis: row.id for row in rows}
    noted = select(shown.c.analysis, shown.c.result_id).where(shown.c.photo_id == photo)
    chosen |= {row.analysis: row.result_id for row in connection.execute(noted)} if photo is not None else {}
    found = results.among(connection, chosen.values())
    return {name: found[chosen[name]] for name in ANALYSES if chosen.get(name) in found}


def _history(connection: Connection, sha256: str) -> list[dict[str, Any]]:
    """Earlier findings, the newest first."""
    h = history.c
    query = select(*(h[name] for name in PAST)).where(h.sha256 == sha256).order_by(h.id.desc()).limit(MOST_PAST)
    return [dict(zip(PAST, row, strict=True)) for row in connection.execute(query)]


def _people(connection: Connection, photo: int, findings: Mapping[str, Finding]) -> list[dict[str, Any]]:
    """Who is on it, in the order of the faces."""
    faces = findings["face"].body["faces"] if "face" in findings else []
    query = (
        select(people.c.id, people.c.name, vectors.c.face)
        .join(person_faces, person_faces.c.person_id == people.c.id)
        .join(vectors, vectors.c.id == person_faces.c.vector_id)
        .where(vectors.c.photo_id == photo, vectors.c.face.is_not(None))
        .order_by(vectors.c.face)
    )
    return [
        {"id": row.id, "name": row.name, "box": faces[row.face]["box"]}
        for row in connection.execute(query)
        if row.face < len(faces)
    ]


def _jobs(connection: Connection, sha256: str) -> list[dict[str, Any]]:
    query = (
        select(items.c.job_id, items.c.id, items.c.name, items.c.state, jobs.c.kind, jobs.c.tasks, items.c.finished_at)
        .join(jobs, jobs.c.id == items.c.job_id)
        .where(items.c.sha256 == sha256, items.c.page.is_(None))
        .order_by(items.c.id.desc())
        .limit(MOST_JOBS)
    )
    return [
        {
            "task_id": row.job_id,
            "item_id": row.id,
            "name": row.name,
            "kind": row.kind,
            "tasks": row.tasks,
            "status": row.state,
            "finished_at": row.finished_at,
        }
        for row in connection.execute(query)
    ]
