"""A scrape when broker or store are away: it answers soon, without what they would have said."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api import scrape
from api.scrape import Scrape, Source
from monitoring import asked
from monitoring.asked import Sample
from tasks.dispatch import Dispatch
from tasks.settings import TaskSettings


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which connections are taken and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def text(home: Path, database_url: str, redis_url: str) -> tuple[str, float]:
    """A scrape, and its seconds."""
    settings = TaskSettings(darkroom_home=home, database_url=database_url, redis_url=redis_url)
    dispatch = Dispatch(settings)
    made = Scrape(dispatch)
    started = time.perf_counter()
    said = (await made.text()).decode()
    spent = time.perf_counter() - started
    made.close()
    await dispatch.stop()
    return said, spent


async def test_all_is_told_where_both_answer(tmp_path: Path, database_url: str, valkey_url: str) -> None:
    said, _ = await text(tmp_path, database_url, valkey_url)
    for line in ("darkroom_broker_up 1.0", "darkroom_store_up 1.0", "users_total 0.0", "darkroom_job_limit 1000.0"):
        assert f"\n{line}\n" in said


async def test_without_a_store_its_series_are_left_out(tmp_path: Path, valkey_url: str) -> None:
    said, spent = await text(tmp_path, "postgresql://nobody@127.0.0.1:1/x", valkey_url)
    assert spent < 2
    assert "\ndarkroom_store_up 0.0\n" in said
    assert "\ndarkroom_broker_up 1.0\n" in said
    assert "users_total" not in said
    assert 'darkroom_queue_depth{queue="interactive.photo"} 0.0' in said
    assert 'darkroom_queue_depth{queue="bulk.jobs"}' not in said


async def test_a_store_that_says_nothing_is_not_waited_for(tmp_path: Path, valkey_url: str, silent: int) -> None:
    said, spent = await text(tmp_path, f"postgresql://nobody@127.0.0.1:{silent}/x", valkey_url)
    assert spent < 2
    assert "\ndarkroom_store_up 0.0\n" in said


async def test_a_broker_that_says_nothing_is_not_waited_for(tmp_path: Path, database_url: str, silent: int) -> None:
    said, spent = await text(tmp_path, database_url, f"redis://127.0.0.1:{silent}/0")
    assert spent < 2
    assert "\ndarkroom_broker_up 0.0\n" in said
    assert "\ndarkroom_store_up 1.0\n" in said
    assert 'darkroom_queue_depth{queue="bulk.jobs"} 0.0' in said


async def test_who_has_still_to_answer_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape, "PATIENCE_S", 0.05)
    asked_at: list[float] = []

    def slow() -> Iterator[Sample]:
        asked_at.append(time.monotonic())
        time.sleep(0.4)
        yield Sample(asked.STORE_UP, 1)

    source = Source("slow", slow, asked.STORE_UP)
    down = [Sample(asked.STORE_UP, 0)]
    assert [await source.samples() for _ in range(3)] == [down] * 3
    assert len(asked_at) == 1
    monkeypatch.setattr(scrape, "PATIENCE_S", 2.0)
    assert await source.samples() == [Sample(asked.STORE_UP, 1)]
    assert len(asked_at) == 1
    source.close()
