"""What a worker does for one that died: give its photos and its messages back.

A worker's name is the same after a restart, so its successor knows at once whose leavings are its own; those of a
worker that never comes back are given back by whoever notices that its signs of life have stopped.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import orjson
import redis
from sqlalchemy.exc import SQLAlchemyError

from tasks import liveness
from tasks.app import unacked_keys
from tasks.broker import PREFIX, WORKERS, queue_key
from tasks.errors import NameTaken
from tasks.watchdog import Work

if TYPE_CHECKING:
    from tasks.worker import Worker

LEAST_WAIT_S: Final = 10.0
PREDECESSOR: Final = "DARKROOM_PREDECESSOR"
"""Environment variable by which a supervisor says which signal ended the process before this one."""

RESTORE: Final = """
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[2])
return 1
"""
"""In one step, so that two who notice a death put its messages back once."""

log = logging.getLogger(__name__)


def take_over(worker: "Worker") -> None:
    """Wait until a predecessor of this name is really gone, then give back what it left.

    Raises:
        NameTaken: it goes on giving signs of life.
    """
    deadline = time.monotonic() + max(LEAST_WAIT_S, 2 * worker.settings.heartbeat_s * liveness.EXPIRES_AFTER)
    while True:
        try:
            namesake = liveness.find(worker.redis, worker.name)
            if namesake is None or not liveness.may_run(namesake, worker.redis):
                break
            if time.monotonic() > deadline:
                raise NameTaken(f"A worker named {worker.name} runs already.", "Give this one a name: --name.")
        except redis.RedisError as error:
            log.warning("waiting for the broker: %s", error)
        worker.stopping.wait(0.5)
    give_back(worker, worker.name, os.environ.get(PREDECESSOR))


def give_back(worker: "Worker", name: str, how: str | None = None) -> None:
    """Requeue the messages and the photos that a dead worker of this name held; `how` it died, if that is known."""
    messages = restore_messages(worker.redis, name)
    photos = sum(
        worker.jobs.release_dead(owner, how)
        for owner in worker.jobs.owners()
        if owner.startswith(f"{name}/") and not owner.startswith(f"{worker.name}/{worker.instance}#")
    )
    if messages or photos:
        died = f"was ended by {how}" if how else "died"
        log.warning("%s %s: %d messages and %d photos are taken over", name, died, messages, photos)


def tell(worker: "Worker", hung: list[Work], how: str) -> None:
    """Give all back before this worker dies; how it dies is told of what hung, the rest is not to blame."""
    worker.stopping.set()
    with contextlib.suppress(SQLAlchemyError):
        for work in hung:
            worker.jobs.blame(work.owner, work.item, how)
        for owner in worker.jobs.owners():
            if owner.startswith(f"{worker.name}/{worker.instance}#"):
                worker.jobs.release(owner)


def restore_messages(client: "redis.Redis", name: str, which: Callable[[str], bool] = lambda _tag: True) -> int:
    """Put a worker's unacknowledged messages back to the front of their queues, all or `which` by tag; their number."""
    unacked, index = (PREFIX + key for key in unacked_keys(name))
    restored = 0
    taken: dict[Any, Any] = client.hgetall(unacked)
    for tag, raw in taken.items():
        if not which(tag.decode()):
            continue
        message, _exchange, routing_key = orjson.loads(raw)
        restored += int(client.eval(RESTORE, 3, unacked, index, queue_key(routing_key), tag, orjson.dumps(message)))
    return restored


def adopt(worker: "Worker") -> None:
    """Look for workers whose signs of life have stopped and give back what they held."""
    raw: dict[Any, Any] = worker.redis.hgetall(WORKERS)
    alive = {record.name for record in liveness.parse(raw, liveness.now(worker.redis))}
    dead = [record for record in map(liveness.read, raw.values()) if record.name not in alive]
    for record in dead:
        give_back(worker, record.name)
    if dead:
        liveness.lose(worker.redis, dead)
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
