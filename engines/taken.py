"""When a photo was taken, as its camera wrote it into the file."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import PIL.Image

_HEAD: Final = 128 * 1024
_MARK: Final = b"Exif\0\0"
_EXIF, _ORIGINAL, _OFFSET = 0x8769, 0x9003, 0x9011
_TIME: Final = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_ZONE: Final = re.compile(r"([+-])(\d\d):(\d\d)")


def taken_at(data: bytes) -> float | None:
    """Seconds since 1970 of EXIF's DateTimeOriginal, by its zone or else this machine's; None where there is none."""
    start = data.find(_MARK, 0, _HEAD)
    if start < 0:
        return None
    try:
        exif = PIL.Image.Exif()
        exif.load(data[start : start + _HEAD])
        found = exif.get_ifd(_EXIF)
        return _seconds(found.get(_ORIGINAL), found.get(_OFFSET))
    except Exception:  # noqa: BLE001  whatever a broken one leads to, the photo itself may be sound
        return None


def _seconds(said: Any, offset: Any) -> float | None:
    parts = _TIME.match(str(said))
    if parts is None:
        return None
    at = datetime(*map(int, parts.groups()))  # type: ignore[arg-type]
    zone = _ZONE.match(str(offset))
    if zone is not None:
        shift = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
        return at.replace(tzinfo=timezone(-shift if zone[1] == "-" else shift)).timestamp()
    return at.timestamp() if at.year >= 1970 else at.replace(tzinfo=UTC).timestamp()
