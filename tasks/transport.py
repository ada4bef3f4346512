"""kombu's Redis transport with a counter of deliveries, and with one round trip where it makes several.

kombu builds a new client and a transaction for each message that it takes and for each that it acknowledges; that is
40% of what a worker's process spends on a small task. Here one client serves a channel, and a script does either step.
"""

from time import time
from typing import Any, Final, Protocol

import kombu.transport
import redis
from kombu.transport import redis as kombu_redis
from kombu.transport.redis import dumps

from tasks.broker import ATTEMPTS, PREFIX, on_one_connection

NAME: Final = "tasks.transport:Transport"
ATTEMPTS_HEADER: Final = "attempts"
TAG_HEADER: Final = "tag"
SETTLED: Final[set[str]] = set()
"""Tags of messages that were forgotten together with their answers, before Celery acknowledges them."""

TAKE: Final = """
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return redis.call('HINCRBY', KEYS[3], ARGV[4], 1)
"""
DROP: Final = """
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[3], ARGV[2])
"""


class _Message(Protocol):
    _raw: dict[str, Any]
    headers: dict[str, Any]
    delivery_info: dict[str, Any]


class QoS(kombu_redis.QoS):  # type: ignore[misc]
    """Unacknowledged messages. One that is taken gets as headers how often it was delivered, and its tag here."""

    def append(self, message: _Message, delivery_tag: str) -> None:
        """Note a message as taken."""
        info = message.delivery_info
        kept = dumps([message._raw, info["exchange"], info["routing_key"]])
        count = self._run(TAKE, delivery_tag, time(), kept, message.headers["id"])
        message.headers |= {ATTEMPTS_HEADER: int(count), TAG_HEADER: delivery_tag}
        kombu_redis.virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Forget a message that is done."""
        if delivery_tag in SETTLED:
            SETTLED.discard(delivery_tag)
        else:
            self._forget(delivery_tag)
        kombu_redis.virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Give a message back, or forget it."""
        if requeue:
            super().reject(delivery_tag, requeue=True)
            return
        self.ack(delivery_tag)

    def _forget(self, delivery_tag: str) -> None:
        message = self._delivered.get(delivery_tag)
        self._run(DROP, delivery_tag, message.headers["id"] if message is not None else "")

    def _run(self, script: str, *args: Any) -> Any:
        keys = (PREFIX + self.unacked_index_key, PREFIX + self.unacked_key, ATTEMPTS)
        return self.channel.plain_client.eval(script, len(keys), *keys, *args)


class Channel(kombu_redis.Channel):  # type: ignore[misc]
    """A channel with one client for all that does not wait."""

    QoS = QoS

    @property
    def plain_client(self) -> "redis.Redis":
        """A client with a connection of the channel's pool, without kombu's key prefix."""
        pool = self.pool
        if getattr(self, "_plain_pool", None) is not pool:
            self._plain_pool, self._plain = pool, on_one_connection(pool)
        return self._plain


class Transport(kombu_redis.Transport):  # type: ignore[misc]
    """The transport that the application uses for every Redis address."""

    Channel = Channel


def register() -> None:
    """Let kombu use this transport wherever it would use its own for Redis."""
    kombu.transport.TRANSPORT_ALIASES.update(redis=NAME, rediss=NAME)
