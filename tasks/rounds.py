"""The thread that has answered a request takes the next ones itself, past Celery's loop.

Celery brings a thread its first request, and for a small one its loop is three quarters of what a worker spends. So one
step in the broker sends a thread's answers, forgets their messages and takes what waits, until Celery is to choose
again because other queues wait too. What is taken is noted where Celery's messages are, so whoever takes over from a
dead worker gives it back. A request that took its worker down before is left to Celery, and travels alone.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import orjson
import redis
from redis.commands.core import Script

from tasks import counting, history, queues
from tasks.app import unacked_keys
from tasks.broker import ATTEMPTS, PREFIX, on_one_connection, queue_key
from tasks.envelope import ALIKE, arguments
from tasks.recovery import restore_messages
from tasks.transport import SETTLED

TURN_S: Final = 0.25
"""After this a thread goes back to Celery, which looks at every queue in its order."""

REPLY_TTL_S: Final = 120
ALONG: Final = "along:"
"""Begins the tags of what was taken here, in the notes of what a worker has taken."""

STEP: Final = """
local index, unacked, attempts, done, spent, queue, ahead = unpack(KEYS)
local name, ttl, now, along, like, have, most, among, count = unpack(ARGV)
for i = 0, count - 1 do
  local id, tag, body, seconds = unpack(ARGV, 10 + 4 * i, 13 + 4 * i)
  redis.call('LPUSH', KEYS[8 + i], body)
  redis.call('EXPIRE', KEYS[8 + i], ttl)
  redis.call('HINCRBYFLOAT', spent, name, seconds)
  redis.call('HINCRBY', done, name, 1)
  if tag ~= '' then
    redis.call('ZREM', index, tag)
    redis.call('HDEL', unacked, tag)
    redis.call('HDEL', attempts, id)
  end
end
local taken = {}
if tonumber(most) == 0 or redis.call('EXISTS', ahead) == 1 then return taken end
local function about(raw)
  local message = cjson.decode(raw)
  return message.headers.id, along .. message.properties.delivery_tag, message.headers.alike or ''
end
most = math.min(most, math.ceil((have + redis.call('LLEN', queue)) / among)) - have
while #taken < most do
  local raw = redis.call('LINDEX', queue, -1)
  local readable, id, tag, kind = pcall(about, raw or '')
  if not readable or redis.call('HEXISTS', attempts, id) == 1 then break end
  if (like ~= '' or #taken > 0) and (kind == '' or kind ~= like) then break end
  like = kind
  redis.call('RPOP', queue)
  redis.call('ZADD', index, now, tag)
  redis.call('HSET', unacked, tag, '[' .. raw .. ',"","' .. name .. '"]')
  redis.call('HSET', attempts, id, 1)
  taken[#taken + 1] = raw
end
return taken
"""
AHEAD: Final = {queues.PHOTO_QUEUE: queue_key(queues.TEXT_QUEUE)}
"""Queues that go first; while something waits there, a thread goes back to Celery."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that a thread has.

    Attributes:
        message: its arguments: `id`, `reply_to`, `sent_at`, `deadline` (seconds since 1970) and what is asked.
        attempts: how often it was delivered, this time counted.
        tag: by which it is noted as taken; empty where somebody else forgets it.
        alike: as `envelope.message` has it.
    """

    message: dict[str, Any]
    attempts: int = 1
    tag: str = ""
    alike: str = ""


@dataclass(frozen=True, slots=True)
class Lot:
    """How the requests of a queue are taken.

    Attributes:
        task: what Celery calls them.
        most: of them that are answered together, where they are alike.
        among: so many threads share what waits.
    """

    task: str
    queue: str
    most: int = 1
    among: int = 1


class Batch(list[Taken]):
    """Requests that a thread has, at least one, to be answered together."""

    def __init__(self, taken: Sequence[Taken], more: Callable[[Sequence[Taken]], list[Taken]]) -> None:
        """Take what there is, and what takes along more."""
        super().__init__(taken)
        self._more = more

    def grow(self) -> list[Taken]:
        """Take along what has come meanwhile, and return that; nothing where the broker does not answer."""
        try:
            new = self._more(self)
        except redis.RedisError as error:
            log.warning("nothing is taken along: %s", error)
            return []
        self += new
        return new


Answers = Sequence[dict[str, Any]]
Handle = Callable[[Batch], AbstractContextManager[Answers]]
"""Answers requests, in their order; at the end of its block they are sent, and what may wait is done."""


class Rounds:
    """The requests that the threads of a worker take along."""

    def __init__(self, client: "redis.Redis", worker: str, stopping: threading.Event) -> None:
        """Take the broker, the worker's name, and what says that no more is to be taken."""
        self._redis = client
        self._worker = worker
        self._script: Script | None = None
        unacked, index = (PREFIX + key for key in unacked_keys(worker))
        self._notes = (index, unacked, ATTEMPTS)
        self._stopping = stopping
        self._lock = threading.Lock()
        self._held: set[str] = set()

    def serve(self, lot: Lot, first: Taken, handle: Handle) -> None:
        """Answer a request, and then others of its queue while they wait and it is this thread's turn.

        Args:
            lot: which they are.
            first: what Celery brought.
            handle: answers them.
        """
        until = time.monotonic() + TURN_S if first.attempts == 1 else 0.0
        mine = list[Taken]()

        def more(have: Sequence[Taken]) -> list[Taken]:
            if not have[0].alike or len(have) >= lot.most or time.monotonic() >= until:
                return []
            new = self._step(lot, [], [], have)
            mine.extend(new)
            return new

        try:
            batch = Batch([first], more)
            batch.grow()
            while batch:
                following, began = list[Taken](), time.perf_counter()
                try:
                    with handle(batch) as answers:
                        following = self._step(lot, batch, answers, [] if time.monotonic() < until else None)
                        mine += following
                except redis.RedisError:
                    raise
                except Exception:
                    log.exception("something after an answer failed")
                spent_s = time.perf_counter() - began
                for _ in batch[batch[0] is first :]:  # Celery counts what it brought
                    counting.count(lot.task, "success", spent_s)
                batch = Batch(following, more)
        except redis.RedisError as error:
            log.warning("an answer could not be sent: %s", error)
        finally:
            with self._lock:  # what was not answered goes back
                self._held.difference_update(each.tag for each in mine)

    def answer(self, queue: str, only: Taken, handle: Handle) -> None:
        """Answer one request, and take none."""
        try:
            with handle(Batch([only], lambda _: [])) as answers:
                self._step(Lot("", queue), [only], answers, None)
        except redis.RedisError as error:
            log.warning("an answer could not be sent: %s", error)

    def give_back_strays(self) -> None:
        """Give back what was taken for this worker without its hearing of it, since the broker went away meanwhile.

        Raises:
            redis.RedisError: the broker does not answer.
        """
        with self._lock:
            restore_messages(self._redis, self._worker, lambda tag: tag.startswith(ALONG) and tag not in self._held)

    def _step(self, lot: Lot, done: Sequence[Taken], answers: Answers, have: Sequence[Taken] | None) -> list[Taken]:
        """Send answers, forget their messages, and take others for `have`; none where that is None."""
        now, queue = time.time(), lot.queue
        keys = [*self._notes, history.DONE, history.SPENT, queue_key(queue), AHEAD.get(queue, "")]
        most = 0 if have is None or self._stopping.is_set() else lot.most
        like, held = (have[0].alike, len(have)) if have else ("", 0)
        args: list[Any] = [queue, REPLY_TTL_S, now, ALONG, like, held, most, lot.among, len(done)]
        for each, answer in zip(done, answers, strict=True):
            keys.append(each.message["reply_to"])
            spent_s = round(max(0.0, now - each.message["sent_at"]), 6)
            args += [each.message["id"], each.tag, orjson.dumps(answer), spent_s]
        with self._lock:
            if self._script is None:
                self._script = on_one_connection(self._redis.connection_pool).register_script(STEP)
            taken = [_read(raw) for raw in self._script(keys, args)]
            self._held.update(each.tag for each in taken)
            self._held.difference_update(each.tag for each in done)
        SETTLED.update(each.tag for each in done if each.tag and not each.tag.startswith(ALONG))
        return taken


def _read(raw: bytes) -> Taken:
    message = orjson.loads(raw)
    tag, alike = ALONG + message["properties"]["delivery_tag"], message["headers"].get(ALIKE) or ""
    return Taken(arguments(message), tag=tag, alike=alike)
