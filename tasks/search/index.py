"""The one writer of what a search looks through; always part of the transaction that changes what is shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, or_, select, update

from tasks import results as memory
from tasks.library.paths import folder_of
from tasks.results import Finding
from tasks.search import embeddings, leaving, texts
from tasks.store.models import photos, shown
from tasks.store.rows import add, into

CHUNK: Final = 500
_KEPT: Final = ("name", "folder", "path", "taken_at", "width", "height", "gone_at")
Key = tuple[str, int]
"""Content, and page of a document or 0."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished photo or page.

    Attributes:
        name: to be shown.
        results: rows of its findings, by analysis.
        page: of a document, from 1; 0 for a photo.
        path: of its file, as `library.written` has it; None for an upload.
        taken_at: as the picture itself says, seconds since 1970.
        changed_at: when its file was changed, seconds since 1970.
        found: those of its findings that are at hand.
    """

    sha256: str
    name: str
    results: Mapping[str, int]
    width: int
    height: int
    page: int = 0
    path: str | None = None
    job_id: str | None = None
    taken_at: float | None = None
    changed_at: float | None = None
    found: Mapping[str, Finding] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What there is one of."""
        return self.sha256, self.page


def put(connection: Connection, entries: Iterable[Entry], now: float) -> None:
    """Let a search find photos as they are shown now; the findings of theirs that are not named stay."""
    wanted: dict[Key, Entry] = {}
    for entry in entries:
        if entry.results:
            wanted[entry.key] = _together(wanted.get(entry.key), entry)
    keys = sorted(wanted)  # in one order by all, or two would wait for each other
    for start in range(0, len(keys), CHUNK):
        _put(connection, [wanted[key] for key in keys[start : start + CHUNK]], now)


def _together(first: Entry | None, second: Entry) -> Entry:
    if first is None:
        return second
    both = {**first.results, **second.results}
    known = {**first.found, **second.found}
    return replace(second if second.path or not first.path else first, results=both, found=known)


def _put(connection: Connection, entries: Sequence[Entry], now: float) -> None:
    before = _before(connection, entries, now)
    ids, marked = _write_photos(connection, entries, before)
    changed = _write_shown(connection, entries, ids)
    found = _found(connection, entries, ids, changed)
    vectors = [(photo_id, finding) for photo_id, finding in found if finding.analysis in embeddings.KINDS]
    if vectors:
        embeddings.write(connection, vectors, now)
    read = {photo_id for photo_id, finding in found if finding.analysis in texts.READ} | marked
    if read:
        texts.write(connection, texts.photos_of(connection, read), {finding.id: finding.body for _, finding in found})


def _before(connection: Connection, entries: Sequence[Entry], now: float) -> dict[Key, Row[Any]]:
    """The rows of these photos, locked; others that were in the same files, before those were changed, are gone."""
    paths = {entry.path: entry.sha256 for entry in entries if entry.path}
    same = photos.c.sha256.in_({entry.sha256 for entry in entries})
    query = select(photos).order_by(photos.c.sha256, photos.c.page).with_for_update()
    rows = connection.execute(query.where(or_(same, photos.c.path.in_(paths)) if paths else same)).all()
    over = [row for row in rows if row.path in paths and paths[row.path] != row.sha256]
    if over:
        leaving.leave(connection, over, set(paths), now)
        rows = connection.execute(query.where(same)).all()
    return {(row.sha256, row.page): row for row in rows}


def _write_photos(
    connection: Connection, entries: Sequence[Entry], before: Mapping[Key, Row[Any]]
) -> tuple[dict[Key, int], set[int]]:
    """Their rows, and those of them that have another folder or time than before."""
    ids: dict[Key, int] = {}
    values, marked = [], set()
    for entry in entries:
        row = before.get(entry.key)
        now = _row(entry, row)
        if row is not None:
            ids[entry.key] = row.id
            if (row.folder, row.taken_at) != (now["folder"], now["taken_at"]):
                marked.add(row.id)
        if row is None or any(getattr(row, name) != now[name] for name in _KEPT):
            values.append(now)
    _name_jobs(connection, [(ids[entry.key], entry.job_id) for entry in entries if entry.key in ids])
    if values:
        adding = into(connection, photos)
        adding = adding.on_conflict_do_update(
            index_elements=["sha256", "page"], set_={name: adding.excluded[name] for name in (*_KEPT, "job_id")}
        )
        written = connection.execute(adding.returning(photos.c.sha256, photos.c.page, photos.c.id), values)
        ids |= {(row.sha256, row.page): row.id for row in written}
    return ids, marked


def _row(entry: Entry, before: Row[Any] | None) -> dict[str, Any]:
    """A photo that lies in a library stays there, though its content is uploaded too."""
    at_home = before is not None and before.path and before.gone_at is None and not entry.path
    path = before.path if before is not None and at_home else entry.path
    known = before.taken_at if before is not None else None
    return {
        "sha256": entry.sha256,
        "page": entry.page,
        "name": before.name if before is not None and at_home else entry.name,
        "folder": folder_of(path),
        "path": path,
        "job_id": entry.job_id,
        "taken_at": next((at for at in (entry.taken_at, known, entry.changed_at) if at is not None), None),
        "width": entry.width,
        "height": entry.height,
        "gone_at": None,
    }


def _name_jobs(connection: Connection, jobs: Sequence[tuple[int, str | None]]) -> None:
    for job_id in {job_id for _, job_id in jobs if job_id}:
        of = [photo_id for photo_id, job in jobs if job == job_id]
        connection.execute(update(photos).where(photos.c.id.in_(of)).values(job_id=job_id))


def _write_shown(connection: Connection, entries: Sequence[Entry], ids: Mapping[Key, int]) -> dict[int, set[str]]:
    """Which analyses of photos show another finding than before."""
    had = {
        (row.photo_id, row.analysis): row.result_id
        for row in connection.execute(select(shown).where(shown.c.photo_id.in_(ids.values())))
    }
    rows, changed = [], dict[int, set[str]]()
    for entry in entries:
        photo_id = ids[entry.key]
        for analysis, result_id in sorted(entry.results.items()):
            if had.get((photo_id, analysis)) != result_id:
                rows.append({"photo_id": photo_id, "analysis": analysis, "result_id": result_id})
                changed.setdefault(photo_id, set()).add(analysis)
    if rows:
        adding = into(connection, shown)
        adding = adding.on_conflict_do_update(
            index_elements=["photo_id", "analysis"], set_={"result_id": adding.excluded.result_id}
        )
        add(connection, adding, rows)
    return changed


def _found(
    connection: Connection, entries: Sequence[Entry], ids: Mapping[Key, int], changed: Mapping[int, set[str]]
) -> list[tuple[int, Finding]]:
    """Photos and what they show now and did not before."""
    at_hand, missing = [], dict[int, int]()
    for entry in entries:
        photo_id = ids[entry.key]
        for analysis in sorted(changed.get(photo_id, ())):
            row = entry.results[analysis]
            if analysis in entry.found:
                at_hand.append((photo_id, replace(entry.found[analysis], id=row)))
            else:
                missing[row] = photo_id
    if not missing:
        return at_hand
    return at_hand + [(missing[row], finding) for row, finding in memory.among(connection, missing).items()]
