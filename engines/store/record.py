"""What was noted beside a model when it was downloaded: where from, and the digests that were checked then."""

import json
import logging
from functools import cache
from pathlib import Path
from typing import Any, Final

NAME: Final = ".darkroom.json"
log = logging.getLogger(__name__)


def write(folder: Path, source: str, files: dict[str, dict[str, Any]]) -> None:
    """Note a download: path -> {"sha256", "size", "checked"}, `checked` being what the digest was compared with."""
    path = folder / NAME
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps({"source": source, "files": files}, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def read(folder: Path) -> dict[str, Any]:
    """The note; empty where there is none, as with a cache of Immich's own."""
    path = folder / NAME
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        return {}
    return _read(path, modified)


def digests(folder: Path) -> dict[str, str]:
    """Path -> sha256, of the note."""
    return {path: str(file["sha256"]) for path, file in read(folder).get("files", {}).items()}


@cache
def _read(path: Path, modified: int) -> dict[str, Any]:
    """The time is there to be part of the cache's key."""
    try:
        note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read and is passed over: %s", path, error)
        return {}
    return note
