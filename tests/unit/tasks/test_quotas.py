"""Quotas: what fits in a span is granted, the rest is told when to come back; processes count together."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import redis

from tasks.broker import PREFIX, connect_async
from tasks.quotas import Quotas

HOUR_S = 3600


@pytest.fixture
async def quotas(valkey_url: str, valkey: redis.Redis) -> AsyncIterator[Quotas]:
    client = connect_async(valkey_url)
    yield Quotas(client)
    await client.aclose()


async def test_what_fits_is_granted_and_what_does_not_is_told_when_to_come_back(quotas: Quotas) -> None:
    assert [await quotas.spend("photos:ada", 1, 3, HOUR_S) for _ in range(3)] == [0, 0, 0]
    assert 1 <= await quotas.spend("photos:ada", 1, 3, HOUR_S) <= 2 * HOUR_S


async def test_callers_and_what_they_do_are_counted_apart(quotas: Quotas) -> None:
    for what in ("photos:ada", "photos:bob", "uploads:ada"):
        assert await quotas.spend(what, 1, 1, HOUR_S) == 0
        assert await quotas.spend(what, 1, 1, HOUR_S) > 0


async def test_what_is_refused_takes_nothing(quotas: Quotas) -> None:
    assert await quotas.spend("bytes", 60, 100, HOUR_S) == 0
    assert await quotas.spend("bytes", 41, 100, HOUR_S) > 0
    assert await quotas.spend("bytes", 40, 100, HOUR_S) == 0
    assert await quotas.spend("bytes", 101, 100, HOUR_S) > 0, "it never fits, and still has an answer"


async def test_two_processes_grant_together_as_much_as_one(quotas: Quotas, valkey_url: str) -> None:
    other = connect_async(valkey_url)
    both = [quotas, Quotas(other)]
    answers = await asyncio.gather(*(both[n % 2].spend("photos", 1, 30, HOUR_S) for n in range(100)))
    await other.aclose()
    assert answers.count(0) == 30


async def test_who_waits_as_long_as_was_said_is_let_in(quotas: Quotas) -> None:
    for _ in range(3):
        while wait_s := await quotas.spend("photos", 5, 5, 1):
            assert wait_s <= 2
            await asyncio.sleep(wait_s)


async def test_the_last_span_counts_by_its_part_that_is_in_view(quotas: Quotas, valkey: redis.Redis) -> None:
    span_s = 10**6  # of which no test sees a noticeable part go by
    window, passed = divmod(time.time() / span_s, 1)
    valkey.hset(f"{PREFIX}quota:photos", mapping={"window": int(window) - 1, "spent": 1000})
    in_view = 1000 * (1 - passed)
    fits = int(1000 - in_view)
    assert await quotas.spend("photos", fits + 10, 1000, span_s) > 0
    assert await quotas.spend("photos", max(0, fits - 10), 1000, span_s) == 0


async def test_nothing_is_kept_of_who_has_gone_away(quotas: Quotas, valkey: redis.Redis) -> None:
    await quotas.spend("photos", 1, 5, HOUR_S)
    assert 0 < valkey.ttl(f"{PREFIX}quota:photos") <= 2 * HOUR_S
