"""An engine and all of its processes end together, whoever of them is killed; a service keeps its own one running."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import Service, picture, until
from tests.vllm.rig import place
from tests.vllm.rig.server import ENVIRONMENT
from tests.vllm.rig.transcripts import INVOICE

pytestmark = pytest.mark.e2e

# In vLLM's place: answers once it was given leave to, has a process of its own, and may be deaf to SIGTERM.
SERVER = """
import http.server, json, os, pathlib, signal, subprocess, sys, time
folder = pathlib.Path(os.environ["STAND_IN"])
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"])
if (folder / "deaf").exists():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
words = sys.argv
(folder / "words").write_text(json.dumps(words))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if (folder / "loaded").exists() else 503)
        self.end_headers()
        self.wfile.write(json.dumps({"data": [{"id": words[words.index("--served-model-name") + 1]}]}).encode())
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(words[words.index("--port") + 1])), Handler).serve_forever()
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in's folder; the files `loaded` and `deaf` in it say how it behaves."""
    folder = tmp_path / "stand-in"
    folder.mkdir()
    (folder / "server.py").write_text(SERVER)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit 0\nexec {sys.executable} {folder}/server.py "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("LLM_PYTHON", str(python))
    monkeypatch.setenv("STAND_IN", str(folder))
    monkeypatch.delenv("LLM_BASE_URL", raising=False)
    return folder


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number


class Engine:
    """A `darkroom engine` with the stand-in, once both of the stand-in's processes are there."""

    def __init__(self, above: tuple[str, ...] = ()) -> None:
        script = str(Path(sys.executable).parent / "darkroom")
        command = [*above, script, "engine", "--port", str(free_port()), "--grace", "0", "--max-model-len", "4096"]
        self.child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.own = psutil.Process(self.child.pid)
        if above:
            self.own = until(lambda: next(iter(psutil.Process(self.child.pid).children()), None), what="the command")
        self.vllm, self.core = until(self._both, what="vLLM's processes")

    def _both(self) -> tuple[psutil.Process, psutil.Process] | None:
        found = self.own.children(recursive=True)
        return (found[0], found[1]) if len(found) == 2 else None

    def status(self) -> int:
        """Of what was started, at its end; fails where anything is left."""
        found = self.child.wait(8)
        until(lambda: not any(_lives(each) for each in (self.own, self.vllm, self.core)), 8, "the end of all")
        return found

    def close(self) -> str:
        for each in (self.core, self.vllm, self.own):
            if _lives(each):
                each.kill()
        self.child.kill()
        _, said = self.child.communicate(timeout=10)
        return said


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def start(stand_in: Path) -> Iterator[Callable[..., Engine]]:
    started: list[Engine] = []

    def begin(*above: str) -> Engine:
        started.append(Engine(above))
        return started[-1]

    yield begin
    for engine in started:
        engine.close()


def test_what_is_not_ours_goes_to_vllm(start: Callable[..., Engine], stand_in: Path) -> None:
    start()
    assert '"--max-model-len", "4096"]' in (stand_in / "words").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_vllm_and_all_that_it_started(start: Callable[..., Engine], number: signal.Signals) -> None:
    engine = start()
    engine.child.send_signal(number)
    assert engine.status() == 0


def test_a_vllm_that_is_deaf_to_the_signal_is_killed(start: Callable[..., Engine], stand_in: Path) -> None:
    (stand_in / "deaf").touch()
    engine = start()
    engine.child.send_signal(signal.SIGTERM)
    assert engine.status() == 0


def test_a_vllm_that_is_killed_leaves_no_orphans_and_is_named_in_the_end(start: Callable[..., Engine]) -> None:
    engine = start()
    engine.vllm.kill()
    assert engine.status() == 1
    assert "vLLM ended with signal 9" in engine.close()


def test_it_ends_when_what_started_it_is_killed(start: Callable[..., Engine]) -> None:
    bind = "import os, subprocess, sys; from cli.child import bound_to;"
    bind += "subprocess.Popen(sys.argv[1:], preexec_fn=bound_to(os.getpid())).wait()"
    engine = start(sys.executable, "-c", bind)
    assert engine.own.pid != engine.child.pid
    engine.child.kill()
    assert engine.status() == -signal.SIGKILL


def test_it_says_when_it_is_ready_and_where(start: Callable[..., Engine], stand_in: Path) -> None:
    engine = start()
    (stand_in / "loaded").touch()
    assert engine.child.stderr is not None
    said = [engine.child.stderr.readline(), engine.child.stderr.readline()]
    assert "deepseek-ai/DeepSeek-OCR is loading" in said[0]
    assert "is ready after" in said[1]
    assert "LLM_BASE_URL=http://127.0.0.1:" in said[1]


def test_a_service_keeps_an_engine_of_its_own_and_is_ready_before_it(stand_in: Path, tmp_path: Path) -> None:
    def state() -> dict[str, str]:
        found: dict[str, str] = service.http.get("/readyz").json()["capabilities"]["document"]
        return found

    service = Service(tmp_path / "home", tmp_path / "library", DOCUMENT_ENGINE="vllm", **os.environ)
    try:
        assert (state()["state"], state()["engine"]) == ("loading", "vllm")
        assert "starting" in state()["reason"]
        (stand_in / "loaded").touch()
        until(lambda: state()["state"] == "ready", what="the document engine")
        listed = service.http.get("/api/models").json()["items"]
        assert [each["capabilities"]["document"]["model"] for each in listed if "document" in each["capabilities"]]
        first = service.part("server.py")
        first.kill()
        until(lambda: [p for p in service.parts("server.py") if p.pid != first.pid], what="another vLLM")
        assert any("engine" in line and "it is started again in" in line for line in service.log)
    finally:
        service.stop()  # fails if it takes 10 s, or leaves a process


@pytest.mark.timeout(400)
def test_a_page_that_comes_while_a_real_vllm_is_loading_waits_and_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := place.problem():
        pytest.skip(reason)
    python = tmp_path / "python"
    settings = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items() if " " not in value)
    python.write_text(f'#!/bin/sh\nexec env {settings} {place.PYTHON} "$@"\n')
    python.chmod(0o755)
    monkeypatch.delenv("LLM_BASE_URL", raising=False)
    own = {"DOCUMENT_ENGINE": "vllm", "LLM_PYTHON": str(python), "LLM_WEIGHTS": str(place.model())}
    own["LLM_ARGS"] = "--dtype float32 --enforce-eager --max-num-seqs 8"
    service = Service(tmp_path / "home", tmp_path / "library", **own)
    try:
        assert service.http.get("/readyz").json()["capabilities"]["document"]["state"] == "loading"
        files = {"file": ("page.png", picture(640, 400, "a page"), "image/png")}
        with service.http.stream("POST", "/api/ocr/image", files=files, timeout=300) as answer:
            frames = [json.loads(line) for line in answer.iter_lines() if line.strip()]
        assert "".join(frame["delta"] for frame in frames if frame["type"] == "delta") == INVOICE
        assert service.http.get("/readyz").json()["capabilities"]["document"]["engine"] == "vllm"
    finally:
        service.stop()  # fails if it takes 10 s, or leaves a process
