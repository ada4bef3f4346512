"""How much waits in each queue, and for how long."""

import time
from dataclasses import dataclass, replace

import orjson
import redis

from tasks import envelope
from tasks.broker import queue_key
from tasks.jobs import Jobs
from tasks.queues import ALL_QUEUES, JOB_QUEUES


@dataclass(frozen=True, slots=True)
class Standing:
    """One queue.

    Attributes:
        depth: requests, photos or pages that wait.
        messages: in the broker; of job queues they say only that there is work.
        waiting_s: age of the oldest that waits, 0 where nothing does; None where its message does not say.
    """

    depth: int
    messages: int
    waiting_s: float | None


def look(client: redis.Redis, jobs: Jobs) -> dict[str, Standing]:
    """Every queue, in the order in which they are served. Raises redis.RedisError, SQLAlchemyError."""
    found, waiting = in_broker(client), in_store(jobs)
    return found | {queue: replace(each, messages=found[queue].messages) for queue, each in waiting.items()}


def in_broker(client: redis.Redis) -> dict[str, Standing]:
    """The messages of every queue. Raises redis.RedisError."""
    now = time.time()
    asking = client.pipeline(transaction=False)
    for queue in ALL_QUEUES:
        asking.llen(queue_key(queue))
        asking.lindex(queue_key(queue), -1)
    answers = asking.execute()
    return {
        queue: Standing(count, count, _age(oldest, now) if count else 0.0)
        for queue, count, oldest in zip(ALL_QUEUES, answers[::2], answers[1::2], strict=True)
    }


def in_store(jobs: Jobs) -> dict[str, Standing]:
    """The photos and pages of queues whose work waits in the store. Raises SQLAlchemyError."""
    now, waiting = time.time(), jobs.waiting()
    found = {}
    for priority, queue in JOB_QUEUES.items():
        count, since = waiting.get(priority, (0, now))
        found[queue] = Standing(count, 0, max(0.0, now - since))
    return found


def _age(message: bytes | None, now: float) -> float | None:
    try:
        return max(0.0, now - float(envelope.arguments(orjson.loads(message or b""))["sent_at"]))
    except (ValueError, KeyError, TypeError):
        return None
