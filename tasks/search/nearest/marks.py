"""Ids that come out of their order: up to which one all have come."""

import time
from collections import deque
from typing import Final

from sqlalchemy import Connection

SETTLES_S: Final = 120.0
"""PostgreSQL gives out ids before transactions end, and none of ours lasts so long."""


class Marks:
    """Up to which id of a space nothing can appear any more.

    Args:
        settles_s: seconds after which an id that was seen has no unseen ones below it; 0 where ids come in order.

    Attributes:
        settled: the id.
    """

    def __init__(self, settles_s: float) -> None:
        self._settles_s = settles_s
        self._seen: deque[tuple[float, int]] = deque()
        self.settled = 0

    def note(self, newest: int) -> None:
        """An id is seen, and is the newest."""
        now = time.monotonic()
        if not self._seen or now - self._seen[-1][0] >= min(1.0, self._settles_s):
            self._seen.append((now, newest))
        while self._seen and now - self._seen[0][0] >= self._settles_s:
            self.settled = max(self.settled, self._seen.popleft()[1])


def marks_for(connection: Connection) -> Marks:
    """Of a space in this database: SQLite has one writer at a time, and so ids in their order."""
    return Marks(0.0 if connection.dialect.name == "sqlite" else SETTLES_S)
