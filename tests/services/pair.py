"""The pair of several machines, PostgreSQL and Redis, for all tests where TEST_SERVICES is on."""

import contextlib
import os
from pathlib import Path
from typing import Final

from tests.services import postgres, programs, redis_server

WANTED: Final = os.environ.get("TEST_SERVICES", "") not in ("", "0", "off")


class Pair:
    """One PostgreSQL, and a Redis for everybody who asks; started when they are first asked for."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._postgres: postgres.Postgres | None = None
        self._environments: dict[Path, dict[str, str]] = {}

    @property
    def postgres(self) -> postgres.Postgres:
        """The server."""
        if self._postgres is None:
            self._postgres = self._open.enter_context(postgres.running())
        return self._postgres

    def redis(self) -> str:
        """The URL of a new, empty Redis."""
        program = programs.redis()
        assert program, programs.ADVICE
        return self._open.enter_context(redis_server.running(program))

    def environment(self, home: Path) -> dict[str, str]:
        """Variables of the Darkroom in a folder: a database and a Redis of its own, the same when asked again."""
        if home not in self._environments:
            self._environments[home] = {"DATABASE_URL": self.postgres.migrated(), "REDIS_URL": self.redis()}
        return self._environments[home]

    def close(self) -> None:
        """End everything."""
        self._open.close()


PAIR: Final = Pair()
