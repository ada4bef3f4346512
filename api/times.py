"""Times in answers."""

from datetime import UTC, datetime


def iso(at: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601, in UTC; None also for a time that no calendar has, as files may say."""
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds") if at is not None else None
    except (OverflowError, ValueError, OSError):
        return None
