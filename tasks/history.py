"""How the last hour went: workers count in the broker what they finish, and one of them writes down how it stands.

The broker is the place that all workers share. If it loses this, nothing but a curve is lost.
"""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import orjson
import redis

from tasks import liveness, queues, standing
from tasks.broker import PREFIX

if TYPE_CHECKING:
    from tasks.worker import Worker

STEP_S: Final = 10
POINTS: Final = 360
RATE_POINTS: Final = 6
MOST_GAP_S: Final = 3 * STEP_S
"""Points that are further apart than this have nothing to say about the time between."""

DONE: Final = PREFIX + "history:done"
SPENT: Final = PREFIX + "history:spent"
_TAKEN: Final = PREFIX + "history:taken"
_KEPT: Final = PREFIX + "history"
WAITED_FOR: Final = (queues.TEXT_QUEUE, queues.PHOTO_QUEUE)
WORK: Final = (*WAITED_FOR, *queues.JOB_QUEUES.values())
TAKE: Final = """
local step = tonumber(ARGV[1])
local mine = string.format('%d', math.floor(redis.call('TIME')[1] / step) * step)
if redis.call('GET', KEYS[1]) == mine then return 0 end
redis.call('SET', KEYS[1], mine, 'EX', 10 * step)
return tonumber(mine)
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a queue has done: in all, and a second during the last minute, None before that is known."""

    done: int
    per_s: float | None


def count(client: redis.Redis, queue: str, finished: int = 1) -> None:
    """Something of a queue is finished; without a broker it is not counted."""
    with contextlib.suppress(redis.RedisError):
        client.hincrby(DONE, queue, finished)


def sample(worker: "Worker") -> None:
    """Write down how it stands, unless some worker has done so in this step already."""
    client = worker.redis
    if not (at := client.eval(TAKE, 1, _TAKEN, STEP_S)):
        return
    busy = {queue: each for queue, each in standing.look(client, worker.jobs).items() if each.depth}
    point = {
        "at": at,
        "depth": {queue: each.depth for queue, each in busy.items()},
        "waiting_s": {queue: round(each.waiting_s, 3) for queue, each in busy.items() if each.waiting_s is not None},
        "done": _numbers(client.hgetall(DONE)),
        "spent": _numbers(client.hgetall(SPENT)),
    }
    writing = client.pipeline()
    writing.lpush(_KEPT, orjson.dumps(point))
    writing.ltrim(_KEPT, 0, POINTS - 1)
    writing.execute()


def read(client: redis.Redis) -> list[dict[str, Any]]:
    """Points of the last hour, oldest first; see `HistoryPoint` in the API's schemas. Raises redis.RedisError."""
    since = liveness.now(client) - POINTS * STEP_S
    raw = [point for point in _newest(client, POINTS) if point["at"] > since]
    return [_shown(None, point) for point in raw[:1]] + [_shown(*pair) for pair in pairwise(raw)]


def paces(client: redis.Redis) -> dict[str, Pace]:
    """What each queue has done. Raises redis.RedisError."""
    at, done = liveness.now(client), _numbers(client.hgetall(DONE))
    recent = [point for point in _newest(client, RATE_POINTS) if STEP_S <= at - point["at"] <= 2 * RATE_POINTS * STEP_S]
    found = {}
    for queue in queues.ALL_QUEUES:
        fresh = done.get(queue, 0) - recent[0]["done"].get(queue, 0) if recent else -1
        found[queue] = Pace(int(done.get(queue, 0)), round(fresh / (at - recent[0]["at"]), 3) if fresh >= 0 else None)
    return found


def _shown(before: dict[str, Any] | None, point: dict[str, Any]) -> dict[str, Any]:
    shown = {name: point[name] for name in ("at", "depth", "waiting_s")} | {"per_s": None, "latency_s": None}
    gap_s = point["at"] - before["at"] if before else 0
    if before is None or not 0 < gap_s <= MOST_GAP_S:
        return shown
    finished = _sum(point["done"], WORK) - _sum(before["done"], WORK)
    answered = _sum(point["done"], WAITED_FOR) - _sum(before["done"], WAITED_FOR)
    spent = _sum(point["spent"], WAITED_FOR) - _sum(before["spent"], WAITED_FOR)
    if finished >= 0:  # else the broker began to count anew
        shown["per_s"] = round(finished / gap_s, 3)
    if answered > 0 and spent >= 0:
        shown["latency_s"] = round(spent / answered, 4)
    return shown


def _newest(client: redis.Redis, most: int) -> list[dict[str, Any]]:
    return [orjson.loads(raw) for raw in reversed(client.lrange(_KEPT, 0, most - 1))]


def _sum(numbers: dict[str, float], names: Iterable[str]) -> float:
    return sum(numbers.get(name, 0) for name in names)


def _numbers(raw: Mapping[Any, Any]) -> dict[str, float]:
    return {name.decode(): float(value) for name, value in raw.items()}
