"""Who is alone has all cores; who comes beside others has one, and no more calls run than there are cores."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engines import elastic
from engines.devices import Device, Kind
from engines.elastic import CountedSession, ElasticSession
from engines.runtime import Backend
from tests.conftest import until


class Counted:
    """A session that notes its calls and holds each until it is let go."""

    def __init__(self, threads: int, let_go: threading.Event) -> None:
        self.inputs: Mapping[str, tuple[int | None, ...]] = {"x": (1,)}
        self.outputs = ("y",)
        self.threads = threads
        self.calls = 0
        self._let_go = let_go

    def run(self, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        self.calls += 1
        assert self._let_go.wait(20)
        return [feeds["x"]]


@pytest.fixture
def let_go() -> threading.Event:
    return threading.Event()


def load(
    monkeypatch: pytest.MonkeyPatch, let_go: threading.Event, kind: Kind, cores: int
) -> tuple[ElasticSession, dict[int, Counted]]:
    """The session, and what it opened by threads."""
    opened: dict[int, Counted] = {}

    def open_session(path: Path, backend: Backend, threads: int, calls: int) -> Counted:
        return opened.setdefault(threads, Counted(threads, let_go))

    monkeypatch.setattr(elastic, "open_session", open_session)
    return ElasticSession(Path("x"), Backend(Device(kind), "onnxruntime", "f32"), cores, 4), opened


def test_a_lonely_call_has_all_cores_and_others_share_them(
    monkeypatch: pytest.MonkeyPatch, let_go: threading.Event
) -> None:
    session, opened = load(monkeypatch, let_go, "cpu", 3)
    feeds = [{"x": np.full(1, number, np.float32)} for number in range(5)]
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(session.run, feeds[0])
        until(lambda: opened[3].calls == 1, what="the lonely call")
        others = [pool.submit(session.run, feed) for feed in feeds[1:]]
        until(lambda: opened[1].calls == 2, what="two calls beside it")
        assert (opened[3].calls, opened[1].calls) == (1, 2)
        let_go.set()
        assert [float(call.result(20)[0][0]) for call in (first, *others)] == [0, 1, 2, 3, 4]
    session.run(feeds[0])
    assert opened[3].calls + opened[1].calls == 6


def test_who_is_beside_another_network_is_not_alone(monkeypatch: pytest.MonkeyPatch, let_go: threading.Event) -> None:
    session, opened = load(monkeypatch, let_go, "cpu", 2)
    other = Counted(1, let_go)
    feed = {"x": np.zeros(1, np.float32)}
    with ThreadPoolExecutor(2) as pool:
        beside = pool.submit(CountedSession(other).run, feed)
        until(lambda: other.calls == 1, what="the other network")
        call = pool.submit(session.run, feed)
        until(lambda: opened[1].calls == 1, what="the call beside it")
        let_go.set()
        assert (beside.result(20), call.result(20)) == ([0], [0])
    session.run(feed)
    assert (opened[2].calls, opened[1].calls) == (1, 1)


@pytest.mark.parametrize(("kind", "cores"), [("cuda", 8), ("cpu", 1)])
def test_a_gpu_and_a_single_core_load_the_model_once(
    monkeypatch: pytest.MonkeyPatch, let_go: threading.Event, kind: Kind, cores: int
) -> None:
    _, opened = load(monkeypatch, let_go, kind, cores)
    assert len(opened) == 1
