"""A random part dies, hangs or is asked to end every few seconds, and a rescan goes on as if nothing were.

`CHAOS_ROUNDS`, `CHAOS_ITEMS` and `CHAOS_SEED` make it longer, or repeat it; `make chaos` runs it long.
"""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.chaos.rig import Asker, Follower, expect_nothing_held, expect_whole, fill, submit
from tests.conftest import Service, until
from tests.services.pair import WANTED

pytestmark = pytest.mark.e2e

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "4"))
ITEMS = int(os.environ.get("CHAOS_ITEMS", "200"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
PARTS = {
    "bulk worker": "worker --device cpu --queues bulk",
    "interactive worker": "worker --device cpu --queues interactive",
    "api": "darkroom api",
} | ({} if WANTED else {"broker": "valkey-server"})  # one that is not ours has tests of its own
LONGEST_HANG_S = 5.0
ROUND_S = 120
"""Longest time for the rescan to get on by one round."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "home", tmp_path / "library")
    yield made
    made.stop()


def strike(service: Service, dice: random.Random) -> str:
    """Do one thing to one part, and say what."""
    part = dice.choice(list(PARTS))
    deed = dice.choice(["SIGKILL", "SIGTERM", "SIGSTOP"])
    hang_s = dice.uniform(0.5, LONGEST_HANG_S)
    victim = service.part(PARTS[part])
    if deed != "SIGSTOP":
        victim.send_signal(signal.Signals[deed])
        return f"{deed} {part} {victim.pid}"
    victim.suspend()
    threading.Event().wait(hang_s)  # the fault is that it hangs for so long
    with contextlib.suppress(psutil.NoSuchProcess):
        victim.resume()
    return f"{deed} {part} {victim.pid} for {hang_s:.1f} s"


@pytest.mark.timeout(240 + ROUND_S * ROUNDS // 4)
def test_a_rescan_loses_and_doubles_nothing_while_parts_die(service: Service) -> None:
    print(f"CHAOS_SEED={SEED} CHAOS_ROUNDS={ROUNDS} CHAOS_ITEMS={ITEMS}")
    dice = random.Random(SEED)
    names = fill(service.library / "job", ITEMS)
    job = submit(service, service.library / "job")
    followers = [Follower(service.url, job) for _ in range(2)]
    asker = Asker(service.url)
    for thread in (*followers, asker):
        thread.start()
    started = time.monotonic()
    for number in range(ROUNDS):
        reached = ITEMS * (number + 1) // (ROUNDS + 2)
        until(lambda n=reached: followers[0].items >= n, ROUND_S, f"item {reached}")  # type: ignore[misc]
        assert not followers[0].ended.is_set(), "the rescan was over before the last round"
        deed = strike(service, dice)
        print(f"{time.monotonic() - started:6.1f} s, {followers[0].items} items: {deed}")
    for follower in followers:
        assert follower.ended.wait(ROUND_S), "\n".join(service.log[-40:])
    asker.stop()
    print(f"{time.monotonic() - started:.1f} s; answers {dict(asker.answers)}, slowest {asker.slowest_s:.1f} s")
    for follower in followers:
        expect_whole(follower, names)
    expect_nothing_held(service)
    assert not asker.wrong
    assert asker.answers[200]
    assert set(asker.answers) <= {0, 200, 500, 503, 504}
