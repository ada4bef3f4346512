"""Clients that are slow on purpose, or ask too much: they are turned away in their protocol's form, and nobody else."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e
MIB = 2**20
SLOW = 50
REQUESTS = 12
HEAD = b'--b\r\nContent-Disposition: form-data; name="%b"; filename="a.png"\r\n\r\n'
JSON, FORM = "application/json", "multipart/form-data; boundary=b"
USER = {"username": "ada", "password": "correct horse"}
KEY = {"api-key": "mt_photos_ai_extra"}
ENTRIES = {"ocr": {"detection": {"modelName": "m"}, "recognition": {"modelName": "m"}}}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two API processes with narrow limits, behind a proxy that names each test's own address."""
    limits = {
        "HEADER_TIMEOUT_S": "1",
        "UPLOAD_GRACE_S": "1",
        "RATE_LIMIT_PER_MINUTE": str(REQUESTS),
        "UPLOAD_LIMIT_MB_PER_HOUR": "3",
        "WEB_CONCURRENCY": "2",
        "TRUSTED_PROXIES": "loopback",
        "TRUSTED_NETWORKS": "private",
        "AUTH_ENABLED": "true",
        "BOOTSTRAP_USER": USER["username"],
        "BOOTSTRAP_PASS": USER["password"],
    }
    made = Service(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("library"), **limits)
    yield made
    made.stop()


@contextlib.contextmanager
def caller(strict: Service, address: str, **headers: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=strict.url, headers={"X-Forwarded-For": address, **headers}, timeout=60) as client:
        yield client


def photo(client: httpx.Client, **more: Any) -> httpx.Response:
    return client.post("/api/photos?tasks=probe", files={"file": ("a.png", picture(40, 40))}, **more)


async def slow_client(address: tuple[str, int], opening: bytes) -> bytes:
    """Sends a letter at a time after its opening; what it got until it was cut off."""
    reader, writer = await asyncio.open_connection(*address)

    async def trickle() -> None:
        with contextlib.suppress(OSError):
            writer.write(opening)
            while opening:
                await writer.drain()
                await asyncio.sleep(0.2)
                writer.write(b"x")

    sending = asyncio.create_task(trickle())
    got = b""
    try:
        async with asyncio.timeout(40):
            while piece := await reader.read(4096):
                got += piece
    except ConnectionResetError:
        pass
    finally:
        sending.cancel()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return got


def address_of(strict: Service) -> tuple[str, int]:
    url = httpx.URL(strict.url)
    return url.host, url.port or 80


async def test_50_connections_that_trickle_are_cut_off_and_a_person_is_answered_meanwhile(strict: Service) -> None:
    openings = [b"", b"GET /livez HTTP/1.1\r\nX-Slow: ", b"POST /api/photos HTTP/1.1\r\nHost", b"\r\n", b"G"]
    slow = [asyncio.create_task(slow_client(address_of(strict), openings[n % len(openings)])) for n in range(SLOW)]
    async with httpx.AsyncClient(base_url=strict.url, headers={"X-Forwarded-For": "10.0.1.1"}, timeout=30) as client:
        answer = await client.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())})
    assert answer.status_code == 200
    assert not any(b" 200 " in got for got in await asyncio.gather(*slow))


OPENINGS = {
    "/api/photos?tasks=probe": (FORM, HEAD % b"file"),
    "/api/jobs": (FORM, HEAD % b"files"),
    "/api/jobs ": ("application/jsonl", b'{"image":"'),
    "/api/schedules": (JSON, b'{"cron":"'),
    "/api/v1/ocr": (JSON, b'{"image":"'),
    "/api/ocr/image": (FORM, HEAD % b"file"),
    "/ocr": (FORM, HEAD % b"file"),
    "/clip/txt": (JSON, b'{"text":"'),
    "/predict": (FORM, HEAD % b"image"),
}


def opening(path: str, length: str) -> bytes:
    kind, body = OPENINGS[path]
    head = f"POST {path.strip()} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 10.0.2.{len(path)}\r\n"
    head += f"api-key: {KEY['api-key']}\r\n" if path in ("/ocr", "/clip/txt") else ""
    head += f"Content-Type: {kind}\r\n{length}\r\n\r\n"
    return head.encode() + (b"%x\r\n%b\r\n" % (len(body), body) if "chunked" in length else body)


async def test_slow_bodies_are_408_in_each_protocols_form_and_the_connection_closes(strict: Service) -> None:
    paths = list(OPENINGS)
    got = await asyncio.gather(
        *(slow_client(address_of(strict), opening(path, "Content-Length: 500000")) for path in paths)
    )
    for path, answer in zip(paths, got, strict=True):
        head, _, text = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 "), (path, answer)
        assert b"connection: close" in head.lower()
        body = json.loads(text)
        if path in ("/ocr", "/clip/txt"):
            assert body["result"] == []
            assert "slower than 10 kB/s" in body["msg"]
        elif path == "/predict":
            assert "slower than 10 kB/s" in body["detail"]
        else:
            assert body["error"]["code"] == "upload_too_slow"


async def test_a_body_of_unknown_length_that_stands_still_is_408_too(strict: Service) -> None:
    sent = opening("/api/jobs", "Transfer-Encoding: chunked") + b"fff\r\nab"
    assert b"upload_too_slow" in await slow_client(address_of(strict), sent)


def test_an_upload_that_is_slower_than_the_disk_and_fast_enough_is_taken(strict: Service) -> None:
    def pieces() -> Iterator[bytes]:
        yield HEAD % b"file"
        data = picture(400, 400) + bytes(400_000)  # what follows a picture is passed over
        for at in range(0, len(data), 20_000):
            yield data[at : at + 20_000]
            time.sleep(0.1)
        yield b"\r\n--b--\r\n"

    with caller(strict, "10.0.3.1", **{"content-type": FORM}) as client:
        began = time.monotonic()
        answer = client.post("/api/photos?tasks=probe", content=pieces())
        assert answer.status_code == 200, answer.text
        assert time.monotonic() - began > 1.5, "longer than headers may take, and than a body may stand still"


def wait_for_a_minute_that_lasts() -> None:
    """Whose end does not let somebody in while a test looks on."""
    until(lambda: time.time() % 60 < 40, 25, "a new minute")


def test_over_its_requests_a_caller_is_429_in_each_protocols_form_whichever_process_answers(strict: Service) -> None:
    wait_for_a_minute_that_lasts()
    with caller(strict, "10.0.4.1") as client:
        close = {"Connection": "close"}  # the next request may go to the other process
        statuses = [client.get("/api/queues", headers=close).status_code for _ in range(REQUESTS + 3)]
        assert statuses.count(200) == REQUESTS
        assert statuses[REQUESTS:] == [429] * 3
        native = photo(client)
        assert (native.status_code, native.json()["error"]["code"]) == (429, "rate_limited")
        assert 1 <= int(native.headers["retry-after"]) <= 120
        files = {"image": ("a.png", picture())}
        immich = client.post("/predict", data={"entries": json.dumps(ENTRIES)}, files=files)
        assert (immich.status_code, "requests in a minute" in immich.json()["detail"]) == (429, True)
        assert "retry-after" in immich.headers
        mt_photos = client.post("/ocr", headers={"api-key": "wrong"}, files={"file": ("a.png", picture())})
        assert (mt_photos.status_code, mt_photos.json()["result"]) == (200, [])
        assert "requests in a minute" in mt_photos.json()["msg"]
        for call in ("/api/v1/ocr/batch", "/api/ocr/image"):
            answer = client.post(call, files={"files": ("a.png", picture())})
            assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited"), call
    with caller(strict, "10.0.4.2") as other:
        assert photo(other).status_code == 200


def test_what_watches_the_service_and_the_page_are_not_counted(strict: Service) -> None:
    with caller(strict, "10.0.5.1") as client:
        for path in ("/livez", "/readyz", "/metrics", "/", "/assets/none.js", "/ping"):
            for _ in range(REQUESTS):
                assert client.get(path).status_code in (200, 404), path
        assert photo(client).status_code == 200


def test_a_user_and_a_key_are_counted_wherever_they_ask_from_and_a_wrong_key_as_its_address(strict: Service) -> None:
    wait_for_a_minute_that_lasts()
    with caller(strict, "10.0.6.1") as client:
        token = client.post("/api/auth/token", data=USER).json()["access_token"]
        wrong = [client.get("/api/queues", headers={"api-key": f"wrong {n}"}).status_code for n in range(REQUESTS + 1)]
        assert wrong == [401] * REQUESTS + [429]
        assert photo(client).status_code == 429
        for given in ({"Authorization": f"Bearer {token}"}, KEY):
            found = []
            for n in range(REQUESTS + 1):
                found.append(client.get("/api/queues", headers={**given, "X-Forwarded-For": f"10.0.7.{n}"}).status_code)
            assert found[-1] == 429
            assert found.count(200) >= REQUESTS - 2  # other tests ask with the key


def test_over_its_megabytes_a_caller_is_429_before_the_upload_is_read(strict: Service) -> None:
    data = picture() + bytes(MIB)
    with caller(strict, "10.0.8.1") as client:

        def send(size: int = 0, path: str = "/api/photos?tasks=probe", **more: Any) -> httpx.Response:
            return client.post(path, files={"file": ("a.png", data + bytes(size))}, **more)

        assert [send().status_code for _ in range(2)] == [200, 200]
        refused = send()
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
        assert "MiB of uploads" in refused.json()["error"]["message"]
        assert int(refused.headers["retry-after"]) > 60
        assert photo(client).status_code == 200, "what is small still fits"


def test_an_upload_of_unknown_length_is_counted_while_it_comes_in(strict: Service) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield HEAD % b"file"
        while sent < 60 * MIB:
            sent += MIB
            yield bytes(MIB)

    with caller(strict, "10.0.9.1", **{"content-type": FORM}) as client:
        answer = client.post("/api/photos?tasks=probe", content=endless())
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
    assert sent < 40 * MIB


def test_several_processes_of_darkroom_api_cut_off_too(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {**os.environ, "DARKROOM_HOME": str(tmp_path), "WEB_CONCURRENCY": "2", "HEADER_TIMEOUT_S": "1"}
    command = [str(Path(sys.executable).parent / "darkroom"), "api", "--port", str(port)]
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as child:
        try:
            until(lambda: _alive(port), 60, "an answer")
            assert asyncio.run(slow_client(("127.0.0.1", port), b"GET /livez HTTP/1.1\r\nX-Slow: ")) == b""
        finally:
            child.terminate()
            child.wait(20)


def _alive(port: int) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    return False
