"""Every request has an id, and a line where that is wanted; what nobody foresaw is logged once, under that id."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse

from api import errors
from api.trail import Trail
from cli.log_json import JsonLine
from monitoring import context

MADE = re.compile(r"[0-9a-f]{16}")
FORMS: dict[str, tuple[str, ...]] = {
    "native": ("error", "hint"),
    "MT Photos": ("msg",),
    "Immich": ("detail",),
    "My OCR": ("detail",),
}


def application(access: bool) -> FastAPI:
    """An application with the middleware and the answers of ours, and routes that fail."""
    app = FastAPI()
    app.add_middleware(Trail, access=access)
    for error, answer in errors.ANSWERS.items():
        app.add_exception_handler(error, answer)
    for tag in FORMS:
        router = APIRouter(tags=[tag])

        @router.get(f"/{tag}/fails/{{name}}")
        async def fails(name: str) -> None:
            raise ZeroDivisionError(name)

        app.router.routes.extend(router.routes)

    @app.get("/breaks/{name}")
    async def breaks(name: str) -> StreamingResponse:
        def frames() -> Iterator[bytes]:
            yield b"{}"
            raise ZeroDivisionError(name)

        return StreamingResponse(frames())

    @app.get("/id/{name}")
    async def get_id(request: Request) -> str:
        return context.current().request

    return app


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(access=True), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client


async def test_an_id_that_comes_with_a_request_is_kept(http: httpx.AsyncClient) -> None:
    given = "0b8f6f5e-7a5c-4a2e-9d58-1d5ad0c0f7a1"
    answer = await http.get("/id/x", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == answer.json() == given


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "a\x1b[2J", '"}', "a\u00e9", "<script>"])
async def test_an_id_that_is_long_or_harmful_is_replaced(http: httpx.AsyncClient, given: str) -> None:
    answer = await http.get("/id/x", headers={"X-Request-ID": given.encode()})
    assert MADE.fullmatch(answer.headers["x-request-id"])
    assert answer.json() == answer.headers["x-request-id"]


async def test_ids_that_are_made_are_all_different(http: httpx.AsyncClient) -> None:
    assert len({(await http.get("/id/x")).headers["x-request-id"] for _ in range(50)}) == 50


async def test_the_access_log_has_the_template_and_neither_path_nor_query(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "darkroom.access")
    await http.get("/id/holiday.jpg?api-key=hidden", headers={"X-Request-ID": "r7"})
    await http.get("/nowhere/holiday.jpg")
    found, missing = (record for record in caplog.records if record.name == "darkroom.access")
    facts: dict[str, Any] = vars(found)
    assert {name: facts[name] for name in ("method", "route", "status", "bytes")} == {
        "method": "GET",
        "route": "/id/{name}",
        "status": 200,
        "bytes": len('"r7"'),
    }
    assert 0 < facts["seconds"] < 5
    assert found.getMessage().startswith("GET /id/{name} 200 in ")
    assert found.getMessage().endswith(" s, 4 bytes, request r7")
    assert (vars(missing)["route"], vars(missing)["status"]) == ("unmatched", 404)
    assert "holiday" not in caplog.text
    assert "hidden" not in caplog.text


async def test_without_it_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(access=False))) as client:
        answer = await client.get("http://here/id/x")
    assert answer.headers["x-request-id"]
    assert not [record for record in caplog.records if record.name == "darkroom.access"]


@pytest.mark.parametrize("tag", FORMS)
async def test_what_nobody_foresaw_is_answered_in_the_form_of_its_protocol(http: httpx.AsyncClient, tag: str) -> None:
    answer = await http.get(f"/{tag}/fails/secret", headers={"X-Request-ID": "r7"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "r7")
    body = answer.json()
    for name in FORMS[tag]:
        body = body[name]
    assert body.endswith("under request r7.")
    assert "secret" not in answer.text


async def test_it_counts_as_a_failure_in_the_access_log(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "darkroom.access")
    await http.get("/native/fails/x")
    (line,) = (record for record in caplog.records if record.name == "darkroom.access")
    assert vars(line)["status"] == 500


class Written(logging.Handler):
    """Keeps lines as they would be written, at the moment at which they would."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(JsonLine("api"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.mark.parametrize("path", ["/native/fails/x", "/breaks/x"])
async def test_by_a_real_server_it_is_logged_once_with_the_id_of_its_request(path: str) -> None:
    written = Written()
    logging.getLogger().addHandler(written)
    server = uvicorn.Server(uvicorn.Config(application(access=False), port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110  it has no event
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            try:
                await client.get(path, headers={"X-Request-ID": "r7"})
            except httpx.RemoteProtocolError:
                assert path.startswith("/breaks"), "the stream is broken off"
    finally:
        server.should_exit = True
        await serving
        logging.getLogger().removeHandler(written)
    (line,) = (line for line in written.lines if "exception" in line)
    assert line["request_id"] == "r7"
    assert "ZeroDivisionError" in line["exception"]
