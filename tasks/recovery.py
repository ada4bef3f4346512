"""What a worker does for one that died: give its photos and its messages back.

A worker's name is the same after a restart, so its successor knows at once whose leavings are its own; those of a
worker that never comes back are given back by whoever notices that its signs of life have stopped.
"""

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

import orjson
import redis

from tasks import liveness
from tasks.app import unacked_keys
from tasks.broker import PREFIX, WORKERS, queue_key

if TYPE_CHECKING:
    from tasks.worker import Worker

log = logging.getLogger(__name__)


def take_over(worker: "Worker") -> None:
    """Wait until a predecessor of this name is really gone, then give back what it left."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            namesakes = [r for r in liveness.workers(worker.redis) if r.name == worker.name]
            if not any(liveness.is_running_here(record) for record in namesakes):
                break
        except redis.RedisError as error:
            log.warning("waiting for the broker: %s", error)
        time.sleep(0.5)
    give_back(worker, worker.name)


def give_back(worker: "Worker", name: str) -> None:
    """Requeue the messages and the photos that a dead worker of this name held."""
    messages = restore_messages(worker.redis, name)
    photos = sum(
        worker.jobs.release_dead(owner)
        for owner in worker.jobs.owners()
        if owner.startswith(f"{name}/") and not owner.startswith(f"{worker.name}/{worker.instance}#")
    )
    if messages or photos:
        log.warning("%s died: %d messages and %d photos are taken over", name, messages, photos)


def restore_messages(client: "redis.Redis", name: str) -> int:
    """Put a dead worker's unacknowledged messages back to the front of their queues; their number."""
    unacked, index = (PREFIX + key for key in unacked_keys(name))
    restored = 0
    for tag, raw in client.hgetall(unacked).items():
        message, _exchange, routing_key = orjson.loads(raw)
        pipe = client.pipeline()
        pipe.hdel(unacked, tag)
        pipe.zrem(index, tag)
        pipe.rpush(queue_key(routing_key), orjson.dumps(message))
        pipe.execute()
        restored += 1
    return restored


def adopt(worker: "Worker") -> None:
    """Look for workers whose signs of life have stopped and give back what they held."""
    raw: dict[Any, Any] = worker.redis.hgetall(WORKERS)
    alive = {record.name for record in liveness.parse(raw)}
    for name in {key.decode() for key in raw} - alive:
        give_back(worker, name)
        liveness.withdraw(worker.redis, name)
    owners = {owner.partition("/")[0] for owner in worker.jobs.owners()}
    for name in owners - alive - {worker.name}:
        give_back(worker, name)


def say_goodbye(worker: "Worker") -> None:
    """Leave nothing behind when stopping in order."""
    with contextlib.suppress(redis.RedisError):
        liveness.withdraw(worker.redis, worker.name)
    worker.close_documents()
    worker.engines.unload()
    worker.store.close()
