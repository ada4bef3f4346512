"""The machine's clock jumps by days in either direction, and a rescan and requests go on."""

from pathlib import Path

import pytest

from tests.chaos.rig import Asker, Follower, expect_unharmed, fill, submit
from tests.conftest import until
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e
LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
PHOTOS = 200


@pytest.mark.skipif(LIBRARY is None, reason="no libfaketime: apt-get install libfaketime")
def test_a_rescan_goes_on_when_the_clock_jumps_and_a_worker_dies_meanwhile(start: Start, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    service = start(
        LD_PRELOAD=str(LIBRARY),
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_CACHE_DURATION="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        FAKETIME_DONT_RESET="1",
        HEARTBEAT_S="1",
    )
    names = fill(service.library / "job", PHOTOS)
    job = submit(service, service.library / "job")
    follower, asker = Follower(service.url, job), Asker(service.url)
    follower.start()
    asker.start()
    for number, jump in enumerate(("+2d", "-2d", "+0"), 1):
        reached = 30 * number
        until(lambda n=reached: follower.items >= n, 90, f"item {reached}")  # type: ignore[misc]
        clock.write_text(f"{jump}\n")
        if jump == "-2d":
            service.part("worker --device cpu --queues bulk").kill()
    expect_unharmed(service, follower, asker, names, slowest_s=30)
