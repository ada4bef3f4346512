"""Connections on real sockets: who does not send the headers of a request in time is cut off, and nobody else."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import uvicorn

from api.connections import MAX_HEAD_BYTES, Connection

LIMIT_S = 0.3
WHOLE = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """`/slow` streams for three times as long as headers may take; any other path answers at once, the body unread."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(6 if scope["path"] == "/slow" else 0):
        await asyncio.sleep(LIMIT_S / 2)
        await send({"type": "http.response.body", "body": b"piece", "more_body": True})
    await send({"type": "http.response.body", "body": b"end"})


@pytest.fixture
async def port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    protocol: Any = partial(Connection, header_timeout_s=getattr(request, "param", LIMIT_S))
    config = uvicorn.Config(answer, http=protocol, loop="uvloop", ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def trickle(writer: asyncio.StreamWriter, piece: bytes) -> None:
    with contextlib.suppress(OSError):
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(LIMIT_S / 10)


async def cut_off(stream: Stream, piece: bytes = b"") -> bytes:
    """What still came until the server closed, while pieces were sent to it again and again."""
    reader, writer = stream
    sending = asyncio.create_task(trickle(writer, piece)) if piece else None
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        if sending is not None:
            sending.cancel()


async def response(stream: Stream) -> bytes:
    async with asyncio.timeout(20):
        return await stream[0].readuntil(b"\r\n0\r\n\r\n")


async def test_who_says_nothing_is_cut_off(port: int) -> None:
    async with connected(port) as stream:
        assert await cut_off(stream) == b""


async def test_headers_that_come_letter_by_letter_are_cut_off(port: int) -> None:
    async with connected(port) as stream:
        stream[1].write(b"GET / HTTP/1.1\r\nX-Long: ")
        assert await cut_off(stream, b"x") == b""


@pytest.mark.parametrize("piece", [b"\r\n", b"G", b"GET /"])
async def test_a_second_request_has_no_more_time_than_the_first(port: int, piece: bytes) -> None:
    async with connected(port) as stream:
        stream[1].write(WHOLE)
        assert b"200 OK" in await response(stream)
        assert b"200 OK" not in await cut_off(stream, piece)


async def test_the_rest_of_a_body_that_was_answered_is_not_awaited_for_ever(port: int) -> None:
    async with connected(port) as stream:
        stream[1].write(b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        assert b"200 OK" in await response(stream)
        assert await cut_off(stream, b"x") == b""


async def test_a_streamed_answer_is_whole_even_if_the_beginning_of_a_request_waits_behind_it(port: int) -> None:
    async with connected(port) as stream:
        stream[1].write(b"GET /slow HTTP/1.1\r\n\r\nGET / HT")
        assert (await response(stream)).count(b"piece") == 6
        assert await cut_off(stream) == b"", "and then the half request is"


async def test_a_connection_that_is_idle_between_two_requests_lives(port: int) -> None:
    async with connected(port) as stream:
        for _ in range(3):
            stream[1].write(WHOLE)
            assert b"200 OK" in await response(stream)
            await asyncio.sleep(2 * LIMIT_S)


async def test_requests_in_one_piece_are_answered_one_by_one(port: int) -> None:
    async with connected(port) as stream:
        stream[1].write(WHOLE * 5)
        for _ in range(5):
            assert b"200 OK" in await response(stream)


@pytest.mark.parametrize("port", [60.0], indirect=True)
async def test_headers_without_end_are_refused_and_long_bodies_are_not(port: int) -> None:
    async with connected(port) as stream:
        body = b"x" * (4 * MAX_HEAD_BYTES)
        stream[1].write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b%b" % (len(body), body, WHOLE))
        assert b"200 OK" in await response(stream)
        assert b"200 OK" in await response(stream)
        stream[1].write(b"GET / HTTP/1.1\r\nX-Long: ")
        assert b"200 OK" not in await cut_off(stream, b"x" * 8192)
