"""Blobs as keys of a Redis, for workers that share no disk with the API.

A key expires by itself KEPT_S after it was last put or found needed, so nothing stays for ever where no worker sweeps.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from tasks.blobs.base import checked, gone
from tasks.blobs.copies import Copies
from tasks.blobs.distant import DistantBlobs
from tasks.broker import PREFIX
from tasks.errors import BlobsDown, SpoolFull

KEPT_S: Final = 7 * 86400
SOCKET_TIMEOUT_S: Final = 15.0
RETRIES: Final = 6
"""With pauses of 0.2 to 4 s: an outage of some seconds is waited out."""

AT_ONCE: Final = 500
REMOVE_IF_OLD: Final = """
local left = redis.call('TTL', KEYS[1])
if left >= 0 and left < tonumber(ARGV[1]) then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""Looked at and removed in one step, as somebody may just have put it again."""


class RedisBlobs(DistantBlobs):
    """Blobs under `darkroom:blob:`."""

    def __init__(self, url: str, copies: Copies) -> None:
        super().__init__(copies)
        again = Retry(ExponentialBackoff(cap=4, base=0.2), RETRIES)
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=3,
            retry=again,
            retry_on_error=[redis.ConnectionError, redis.TimeoutError],
        )

    def get(self, key: str) -> bytes:
        """As `Blobs.get`."""
        with _answers():
            data: bytes | None = self._client.get(_name(key))  # type: ignore[assignment]
        if data is None:
            raise gone()
        return data

    def _remove(self, key: str) -> None:
        with _answers():
            self._client.delete(_name(key))

    def there(self, keys: Iterable[str]) -> set[str]:
        """As `Blobs.there`."""
        found: set[str] = set()
        asked = iter(keys)
        with _answers():
            while some := list(itertools.islice(asked, AT_ONCE)):
                pipe = self._client.pipeline(transaction=False)
                for key in some:
                    pipe.exists(_name(key))
                found.update(key for key, is_there in zip(some, pipe.execute(), strict=True) if is_there)
        return found

    def sweep(self, older_than_s: float, needed: Callable[[list[str]], set[str]]) -> int:
        """As `Blobs.sweep`; what is needed is kept for another KEPT_S."""
        self._copies.sweep(older_than_s)
        limit = KEPT_S - older_than_s
        removed = 0
        with _answers():
            names = self._client.scan_iter(match=_name("*", check=False), count=AT_ONCE)
            while some := [name.decode() for name in itertools.islice(names, AT_ONCE)]:
                pipe = self._client.pipeline(transaction=False)
                for name in some:
                    pipe.ttl(name)
                left = pipe.execute()
                old = {name.rpartition(":")[2]: name for name, ttl in zip(some, left, strict=True) if 0 <= ttl < limit}
                stay = needed(list(old)) if old else set()
                for key, name in old.items():
                    if key in stay:
                        pipe.expire(name, KEPT_S)
                    else:
                        pipe.eval(REMOVE_IF_OLD, 1, name, limit)
                removed += sum(gone for (key, gone) in zip(old, pipe.execute(), strict=True) if key not in stay)
        return removed

    def _write(self, key: str, data: bytes) -> None:
        try:
            with _answers():
                self._client.set(_name(key), data, ex=KEPT_S)
        except redis.ResponseError as error:  # maxmemory, or a value over 512 MiB
            raise SpoolFull(f"The upload could not be kept in Redis: {error}.", "Give it more memory.") from error


def _name(key: str, check: bool = True) -> str:
    return f"{PREFIX}blob:{checked(key) if check else key}"


@contextlib.contextmanager
def _answers() -> Iterator[None]:
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise BlobsDown(*BlobsDown.SAYS) from error
