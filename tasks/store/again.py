"""Transactions that may be made twice are made again where the store broke them off."""

import functools
import logging
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

FOR_S: Final = 20.0
"""Longer than a PostgreSQL takes to start again, shorter than a lease."""

FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
CONFLICTS: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock: the other one went on
SHUTTING: Final = frozenset({"57P01", "57P02", "57P03"})  # told to end, crashed, or not up yet

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)


def again(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method's transaction again for FOR_S at most, after a lost connection or a deadlock.

    Only for what may happen twice: whether a transaction whose connection broke in its COMMIT is there is not known.
    """

    @functools.wraps(method)
    def persistent(*args: P.args, **kwargs: P.kwargs) -> T:
        ends, pause = time.monotonic() + FOR_S, FIRST_PAUSE_S
        while True:
            try:
                return method(*args, **kwargs)
            except DBAPIError as error:
                if not passes(error) or time.monotonic() + pause > ends:
                    raise
                log.info("the database broke off %s, which is made again: %s", method.__name__, error.orig)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    return persistent


def passes(error: DBAPIError) -> bool:
    """Whether the same may succeed soon: the server ended or does not answer, or another transaction was in the way."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in CONFLICTS or state in SHUTTING
    # A driver that could not connect, or lost its connection, has no state to tell; SQLite waits by itself.
    return error.connection_invalidated or (
        isinstance(error, OperationalError) and "psycopg" in type(error.orig).__module__
    )
