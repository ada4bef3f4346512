"""What the parts of a service are told, and what they say while it starts."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cli import environment, memory, parts, prepare, readiness
from cli.listening import CannotListen, is_loopback, listen
from engines.settings import EngineSettings
from tasks import queues
from tasks.settings import TaskSettings
from tasks.worker import PAGES_AHEAD, _waiting

GIB = 2**30


def test_parts_agree_with_the_defaults_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "DATABASE_URL", "BLOB_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DARKROOM_HOME", str(tmp_path))
    env = environment.for_parts(tmp_path, "127.0.0.1", 8060, {})
    settings = TaskSettings()
    assert (env["REDIS_URL"], env["DATABASE_URL"], env["BLOB_URL"]) == (
        settings.redis,
        settings.database,
        settings.blobs,
    )


def test_servers_that_are_named_take_the_place_of_the_built_in_ones(tmp_path: Path) -> None:
    named = {"REDIS_URL": "redis://nas/0", "DATABASE_URL": "postgresql://nas/d", "BLOB_URL": "file:///mnt/spool"}
    env = environment.for_parts(tmp_path, "127.0.0.1", 8060, named)
    assert {name: env[name] for name in named} == named


def test_counters_of_an_earlier_run_are_dropped_at_the_start(tmp_path: Path) -> None:
    environment.make_folders(tmp_path)
    old = tmp_path / "run" / "metrics" / "counter_1.db"
    old.touch()
    environment.make_folders(tmp_path)
    assert old.parent.is_dir()
    assert not old.exists()


def test_with_memory_each_device_gets_a_worker_for_people_and_a_slow_one_for_bulk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts, "available_bytes", lambda: 8 * GIB)
    words = [list(part.command[1:]) for part in parts.worker_parts({}, ["cpu", "cuda:0"])]
    assert words == [
        ["worker", "--device", device, "--queues", *rest]
        for device in ("cpu", "cuda:0")
        for rest in (["interactive,document"], ["bulk", "--nice", "15"])
    ]


def test_with_little_memory_one_worker_serves_both_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "available_bytes", lambda: 2 * GIB)
    [part] = parts.worker_parts({}, ["cpu"])
    assert list(part.command[1:]) == ["worker", "--device", "cpu", "--queues", "interactive,document,bulk"]


@pytest.mark.parametrize(
    ("gib", "others"), [(8, ["interactive,document.list", "bulk"]), (2, ["interactive,document.list,bulk"])]
)
def test_pages_that_a_server_reads_have_one_worker_of_their_own_whatever_the_devices(
    gib: int, others: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "available_bytes", lambda: gib * GIB)
    made = parts.worker_parts({"LLM_BASE_URL": "http://engine:8000/v1"}, ["cuda:0", "cpu"])
    asked = [(part.command[3], part.command[5]) for part in made]
    assert asked == [*((device, queues) for device in ("cuda:0", "cpu") for queues in others), ("cuda:0", "document")]


@pytest.mark.parametrize(
    ("urls", "served", "threads"),
    [
        ("http://a/v1, http://b/v1,", "document", 10 + PAGES_AHEAD),
        ("http://a/v1", "document.pages", 5 + PAGES_AHEAD),
        ("http://a/v1", "interactive,document.list", 0),
        ("", "document", 0),
    ],
)
def test_a_worker_for_pages_alone_has_a_thread_for_each_that_the_servers_read_at_once_and_the_next_ones(
    urls: str, served: str, threads: int
) -> None:
    settings = EngineSettings(llm_base_url=urls, llm_concurrency=5)
    assert _waiting(queues.expand(served), settings) == threads


def test_memory_that_is_enough_for_one_device_is_not_enough_for_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "available_bytes", lambda: 8 * GIB)
    made = parts.worker_parts({}, ["cuda:0", "cuda:1", "cuda:2"])
    assert [part.name for part in made] == [f"cuda:{number}-interactive+document+bulk" for number in range(3)]


def test_processes_show_as_darkroom_with_their_part() -> None:
    [part] = parts.worker_parts({}, ["cpu"])[:1]
    assert " ".join(part.command).partition("/darkroom ")[2].startswith("worker --device cpu")


def test_several_api_processes_share_the_one_listening_socket() -> None:
    with listen("127.0.0.1", 0) as listener:
        made = parts.api_parts({"HOST": "127.0.0.1", "HTTP_PORT": "1"}, listener, 3)
        assert [part.name for part in made] == ["api-1", "api-2", "api-3"]
        assert {tuple(part.pass_fds) for part in made} == {(listener.fileno(),)}


def test_a_limit_of_the_container_counts_as_memory_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{GIB}\n")
    (tmp_path / "memory.current").write_text(f"{GIB // 2}\n")
    (tmp_path / "memory.stat").write_text(f"anon 1\nfile {GIB // 4}\n")
    assert memory.available_bytes(tmp_path) == GIB * 3 // 4
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available_bytes(tmp_path) > GIB * 3 // 4


@pytest.mark.parametrize(
    ("line", "tidied"),
    [
        ("6778:M 21 Nov 2026 06:15:42.529 # Valkey is now ready to exit, bye bye...", "Valkey is now ready to exit"),
        ("6778:signal-handler (1795241742) Received SIGTERM scheduling shutdown...", "Received SIGTERM"),
        ("1:M 21 Nov 2026 06:15:38.652 # WARNING Memory overcommit must be enabled! vm.overcommit_memory", None),
    ],
)
def test_lines_of_the_broker_lose_their_own_time_and_its_advice_on_kernels(line: str, tidied: str | None) -> None:
    said = parts.tidy_broker_line(line)
    assert said is None if tidied is None else said is not None and said.startswith(tidied)


def test_a_port_in_use_is_named_with_the_option_that_helps() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"port {number}: the port is in use.*--port"):
            listen("127.0.0.1", number)


def test_an_address_of_another_machine_is_named_with_the_option_that_helps() -> None:
    with pytest.raises(CannotListen, match=r"no such address.*--host"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("nas", False)]
)
def test_loopback_is_told_from_the_network(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:secret@nas:6379/0", "redis://user:***@nas:6379/0"),
        ("redis://nas:6379/0", "redis://nas:6379/0"),
        ("postgresql://me@nas/d", "postgresql://me@nas/d"),
    ],
)
def test_passwords_do_not_reach_the_log(url: str, shown: str) -> None:
    assert prepare.without_password(url) == shown


def test_a_setting_that_cannot_be_understood_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_LIMIT", "many")
    with pytest.raises(prepare.Refused, match="QUEUE_LIMIT=many: "):
        prepare.check_settings()


def test_a_device_that_is_not_there_is_refused_with_a_hint() -> None:
    with pytest.raises(prepare.Refused, match=r"no device is called 'tpu:0'; use cpu"):
        prepare.find_devices("cpu, tpu:0")


@pytest.fixture
def readyz() -> Iterator[tuple[int, list[tuple[int, Any]]]]:
    """A server's port, and the answers (status, JSON) that it gives to requests."""
    answers: list[tuple[int, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port, answers
    server.shutdown()
    server.server_close()
    thread.join()


def said(ocr: dict[str, Any], **states: str) -> dict[str, Any]:
    named = {"broker": "ok", "store": "ok", "workers": "ok", **states}
    return {
        "ready": True,
        "parts": {name: {"state": state} for name, state in named.items()},
        "capabilities": {"ocr": ocr},
    }


async def test_a_service_that_loads_a_model_is_not_settled(readyz: tuple[int, list[tuple[int, Any]]]) -> None:
    port, answers = readyz
    answers += [(200, said({"state": "loading"})), (200, said({"state": "ready"}))]
    loading = await readiness.ask("0.0.0.0", port)
    assert (loading.ready, loading.settled, loading.waiting_for()) == (True, False, ["ocr: loading"])
    assert (await readiness.ask("127.0.0.1", port)).settled


async def test_a_model_that_is_missing_holds_nothing_up_and_is_named_with_its_hint(
    readyz: tuple[int, list[tuple[int, Any]]],
) -> None:
    port, answers = readyz
    answers += [(200, said({"state": "missing", "reason": "No weights.", "hint": "darkroom models pull X"}))]
    found = await readiness.ask("127.0.0.1", port)
    assert found.settled
    assert found.missing() == ["ocr: missing. No weights. darkroom models pull X"]


async def test_a_part_that_is_down_is_named(readyz: tuple[int, list[tuple[int, Any]]]) -> None:
    port, answers = readyz
    answers += [(503, said({"state": "ready"}, workers="down"))]
    found = await readiness.ask("127.0.0.1", port)
    assert (found.ready, found.problems()) == (False, ["workers: down"])


async def test_what_is_no_darkroom_is_not_ready(readyz: tuple[int, list[tuple[int, Any]]]) -> None:
    port, answers = readyz
    answers += [(200, ["something", "else"])]
    assert not (await readiness.ask("127.0.0.1", port)).ready


async def test_where_nobody_listens_nothing_is_ready() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert not (await readiness.ask("127.0.0.1", taken.getsockname()[1])).ready
