"""Who is there: every worker writes a sign of life into Redis, everybody may read them.

Their times are those of the broker's clock, so hosts whose clocks disagree believe each other all the same.
"""

import contextlib
import math
import os
import socket
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import orjson
import psutil
import redis

from tasks.broker import LOST, PREFIX, WORKERS

EXPIRES_AFTER = 5
"""So many heartbeats may be missed before a worker counts as gone."""

LOST_S: Final = 3600.0
"""So long a worker is told of that went without goodbye and never came back."""

CLAIM: Final = """
local now, claimed = tonumber(redis.call('TIME')[1]), tonumber(redis.call('GET', KEYS[1]) or '-inf')
if math.abs(now - claimed) < tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], now, 'EX', math.ceil(ARGV[1]) * 2)
return 1
"""


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A worker's sign of life.

    Attributes:
        name: stable, the same after a restart.
        instance: new with every start.
        capabilities: analysis -> {"state": "ready"|"loading"|"missing", "model"?, "revision"?, "reason"?, "hint"?}.
        models: models in memory, as `ModelInfo` dictionaries.
        started_at: by its own clock, seconds since 1970.
        at: when it was written, seconds since 1970.
        expires_at: when it is no longer to be believed.
        memory: of its process, bytes.
    """

    name: str
    instance: str
    host: str
    pid: int
    device: str
    queues: list[str]
    threads: int
    started_at: float
    at: float
    expires_at: float
    capabilities: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: list[dict[str, Any]] = field(default_factory=list)
    memory: int = 0

    @property
    def owner(self) -> str:
        """The name under which it holds leases."""
        return f"{self.name}/{self.instance}"

    def is_alive(self, now: float) -> bool:
        """Whether it is to be believed; one from the future is not, the clock was set back since."""
        return abs(now - self.at) <= self.expires_at - self.at


def new_instance() -> str:
    """A name for one start of a worker."""
    return uuid.uuid4().hex[:12]


def now(client: redis.Redis) -> float:
    """The broker's time, seconds since 1970."""
    seconds, micros = client.time()
    return float(seconds) + float(micros) / 1e6


def claim(client: redis.Redis, what: str, seconds: float) -> bool:
    """Whether nobody has claimed this within so many seconds; it is claimed now.

    An expiry alone would not do: it is a time of day, and a clock that is set back by a day would keep it for a day.
    """
    return bool(client.eval(CLAIM, 1, PREFIX + what, seconds))


def keep_claim(client: redis.Redis, what: str, seconds: float) -> None:
    """Claim this anew, from now; without a broker it is let go."""
    with contextlib.suppress(redis.RedisError):
        client.set(PREFIX + what, now(client), ex=math.ceil(2 * seconds))


def announce(client: redis.Redis, record: WorkerRecord) -> None:
    """Write a sign of life; `at` and `expires_at` of the record are by this host's clock."""
    ahead = now(client) - time.time()
    by_broker = replace(record, at=record.at + ahead, expires_at=record.expires_at + ahead)
    writing = client.pipeline()
    writing.hset(WORKERS, record.name, orjson.dumps(asdict(by_broker)))
    writing.hdel(LOST, record.name)
    writing.execute()


def withdraw(client: redis.Redis, name: str) -> None:
    """A worker that stops says so."""
    client.hdel(WORKERS, name)


def lose(client: redis.Redis, records: Iterable[WorkerRecord]) -> None:
    """Workers went without goodbye: their signs of life are over, and their names are kept for a while."""
    at = now(client)
    old = [name for name, seen in client.hgetall(LOST).items() if not _is_recent(float(seen), at)]
    writing = client.pipeline()
    for record in records:
        writing.hset(LOST, record.name, record.at)
        writing.hdel(WORKERS, record.name)
    if old:
        writing.hdel(LOST, *old)
    writing.execute()


def last_seen(raw: Mapping[Any, Any], lost: Mapping[Any, Any], at: float) -> dict[str, tuple[bool, float]]:
    """Workers by name: whether they are alive at a time of the broker's clock, and the age of their last sign of life.

    Args:
        raw: records as they are in the broker.
        lost: as `lose` keeps them.
        at: the broker's time.
    """
    found = {name.decode(): (False, float(seen)) for name, seen in lost.items()}
    for value in raw.values():
        record = read(value)
        found[record.name] = record.is_alive(at), record.at
    return {
        name: (alive, max(0.0, at - seen)) for name, (alive, seen) in found.items() if alive or _is_recent(seen, at)
    }


def _is_recent(seen: float, at: float) -> bool:
    return abs(at - seen) <= LOST_S


def read(raw: bytes | str) -> WorkerRecord:
    """A sign of life as it is in the broker."""
    return WorkerRecord(**orjson.loads(raw))


def parse(raw: Mapping[Any, Any], at: float) -> list[WorkerRecord]:
    """The workers among the raw records that are alive at a time of the broker's clock."""
    records = [read(value) for value in raw.values()]
    return sorted((record for record in records if record.is_alive(at)), key=lambda record: record.name)


def workers(client: redis.Redis) -> list[WorkerRecord]:
    """The workers that are alive."""
    return parse(client.hgetall(WORKERS), now(client))


class Roster:
    """The workers that are alive, read again when what is known is older than FRESH_S."""

    FRESH_S: Final = 2.0

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._read_at = float("-inf")
        self._now = 0.0
        self._records: list[WorkerRecord] = []

    def workers(self) -> list[WorkerRecord]:
        """Raises redis.RedisError."""
        age_s = time.monotonic() - self._read_at
        if age_s > self.FRESH_S:
            self._now = now(self._client)
            self._records = parse(self._client.hgetall(WORKERS), self._now)
            self._read_at, age_s = time.monotonic(), 0.0
        return [record for record in self._records if record.is_alive(self._now + age_s)]

    def serves(self, queue: str) -> bool:
        """Whether somebody takes messages from a queue."""
        return any(queue in record.queues for record in self.workers())

    def model_name(self, capability: str) -> str | None:
        """Name of the model that answers, or that is missing, where nobody names one."""
        for record in self.workers():
            usual = record.capabilities.get(capability, {})
            if name := usual.get("model") or usual.get("asked"):
                return str(name)
        return None

    def stand_ins(self) -> list[str]:
        """Models that answer in the place of those that were asked for."""
        answers = [usual for record in self.workers() for usual in record.capabilities.values() if "model" in usual]
        return sorted({usual["model"] for usual in answers if usual["model"] != usual["asked"]})

    def answering(self, capability: str, model: str | None) -> tuple[str, str] | None:
        """Name and revision of the model that would answer; None where that is not known without asking a worker."""
        for record in self.workers():
            usual = record.capabilities.get(capability, {})
            if model is None and "revision" in usual:
                return usual["model"], usual["revision"]
            for info in record.models:
                if model is not None and (info["capability"], info["asked"]) == (capability, model):
                    return info["name"], info["revision"]
        return None


def find(client: redis.Redis, name: str) -> WorkerRecord | None:
    """The last sign of life of a worker, however old."""
    raw = client.hget(WORKERS, name)
    return None if raw is None else read(raw)


def may_run(record: WorkerRecord, client: redis.Redis) -> bool:
    """Whether the process that wrote a record still runs.

    On this host that is seen, however long it gave no sign of life; one elsewhere is gone when its record expires.
    """
    if record.host != socket.gethostname():
        return record.is_alive(now(client))
    if record.pid == os.getpid():
        return False
    try:
        process = psutil.Process(record.pid)
        return process.create_time() <= record.started_at + 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
