"""What is known of the files of libraries, so that an unchanged photo need not be read again.

A file counts as unchanged while its size, time of change and inode are. Its content is noted when it was looked at,
but only beside the stamp with which it was listed: if it changed in between, its stamp is another one by then.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Connection, case, delete, func, select

from tasks.again import standing
from tasks.library.paths import stored, written
from tasks.library.walk import Found
from tasks.store.models import files, results
from tasks.store.rows import add, change, into, one_of

Status = Literal["new", "changed", "unchanged"]
Learnt = tuple[str | None, str | None, str | None, str | None]
"""Of a photo: key, stamp, sha256 if all went well, message if it took its worker down."""

POISON: Final = "worker_died"
"""A photo that failed so is not tried again by a rescan while it is unchanged."""


@dataclass(frozen=True, slots=True)
class Known:
    """A photo that was found, beside what is known of it.

    Attributes:
        key: of its path.
        sha256: of its bytes, if it is unchanged and was looked at.
        answers: ids of results by analysis, where all that is wanted is there.
        error: message of its failure, where it is not to be tried again.
    """

    photo: Found
    key: str
    status: Status
    sha256: str | None = None
    answers: dict[str, int] = field(default_factory=dict)
    width: int | None = None
    height: int | None = None
    error: str | None = None


def changed_at(stamp: str | None) -> float | None:
    """When a file was changed, of its stamp; seconds since 1970."""
    return int(stamp.split(":")[1]) / 1e9 if stamp else None


def key_of(path: str) -> str:
    """A path's key: of one length however long the path, and of bytes of any kind."""
    return hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()


def compare(connection: Connection, photos: Sequence[Found], wanted: Mapping[str, tuple[str, str, str]]) -> list[Known]:
    """Each photo beside what is known of it.

    Args:
        wanted: analysis -> (model, revision, options); empty where nothing is to be answered from memory.
    """
    keys = [key_of(photo.path) for photo in photos]
    rows = {row.key: row for row in connection.execute(select(files).where(one_of(connection, files.c.key, keys)))}
    same = {row.sha256 for row in rows.values() if row.sha256}
    answers = _answers(connection, same, wanted) if same and wanted else {}
    return [_known(photo, key, rows.get(key), answers) for photo, key in zip(photos, keys, strict=True)]


def _known(photo: Found, key: str, row: Any, answers: dict[str, tuple[dict[str, int], int, int]]) -> Known:
    if row is None:
        return Known(photo, key, "new")
    if photo.stamp is None or row.stamp != photo.stamp:
        return Known(photo, key, "changed")
    ids, width, height = answers.get(row.sha256, ({}, None, None))
    return Known(photo, key, "unchanged", row.sha256, ids, width, height, row.error)


def _answers(
    connection: Connection, contents: Iterable[str], wanted: Mapping[str, tuple[str, str, str]]
) -> dict[str, tuple[dict[str, int], int, int]]:
    """Ids of results and the picture's sides, by content, where all analyses are there."""
    r = results.c
    query = select(r.sha256, r.analysis, r.model, r.revision, r.options, r.id, r.width, r.height)
    found: dict[str, tuple[dict[str, int], int, int]] = {}
    query = query.where(one_of(connection, r.sha256, list(contents)), r.analysis.in_(list(wanted)))
    # Locked, so that none of them is forgotten before the items that show them are there.
    for row in connection.execute(query.with_for_update(read=True, key_share=True)):
        if wanted[row.analysis] == (row.model, row.revision, row.options):
            found.setdefault(row.sha256, ({}, row.width, row.height))[0][row.analysis] = row.id
    whole = {sha256: answer for sha256, answer in found.items() if len(answer[0]) == len(wanted)}
    newer = standing.instead(connection, whole)
    for ids, _, _ in whole.values() if newer else ():
        ids.update({analysis: newer.get(row, row) for analysis, row in ids.items()})
    return whole


def see(connection: Connection, job_id: str, seen: Sequence[Known]) -> None:
    """Note that files are there, and what of them is now different."""
    adding = into(connection, files)
    same = files.c.stamp == adding.excluded.stamp
    adding = adding.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "stamp": adding.excluded.stamp,
            "seen_by": adding.excluded.seen_by,
            "seen_at": adding.excluded.seen_at,
            "sha256": case((same, files.c.sha256)),
            "error": case((same, files.c.error)),
        },
    )
    by = {"seen_by": job_id, "seen_at": time.time()}
    rows = [
        {"key": each.key, "path": written(each.photo.path), "stamp": each.photo.stamp, **by}
        for each in sorted(seen, key=lambda known: known.key)  # in one order by all, or two would wait for each other
    ]
    if rows:
        add(connection, adding, rows)


def learn(connection: Connection, looked_at: Iterable[Learnt]) -> None:
    """Note what became of photos."""
    rows = [
        {"key": key, "stamp": stamp, "sha256": sha256, "error": error}
        for key, stamp, sha256, error in sorted(looked_at, key=lambda row: row[0] or "")
        if key and stamp and (sha256 or error)
    ]
    if rows:
        change(connection, files, ["key", "stamp"], rows)


def gone(connection: Connection, job_id: str, folder: str) -> list[str]:
    """Keys of known files below a folder that are there no more; those that a job saw are not asked for again."""
    below = folder.rstrip("/") + "/"
    unseen = select(files.c.key, files.c.path).where(
        files.c.seen_by != job_id, func.substr(files.c.path, 1, len(below)) == below
    )
    return [row.key for row in connection.execute(unseen) if _is_gone(row.path)]


def forget(connection: Connection, keys: Sequence[str]) -> int:
    """Remove files; how many were still there."""
    return connection.execute(delete(files).where(one_of(connection, files.c.key, keys))).rowcount if keys else 0


def _is_gone(path: str) -> bool:
    try:
        os.lstat(stored(path))
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # it cannot be looked at, which says nothing
    return False
