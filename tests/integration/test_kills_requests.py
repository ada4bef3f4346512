"""Whoever waits while a worker is killed again and again is answered, each with what was asked."""

import asyncio
import hashlib

import httpx
import pytest

from cli.broker import socket_path
from tasks.broker import ATTEMPTS, PREFIX, connect
from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e
CLIENTS = 16
KILLS = 3
WORKER = "worker --device cpu --queues interactive"


async def test_requests_survive_kills_of_their_worker(own_service: Service) -> None:
    service, enough, answered = own_service, asyncio.Event(), 0

    async def ask_on(http: httpx.AsyncClient, client: int) -> None:
        nonlocal answered
        number = 0
        while not enough.is_set():
            data = picture(64, 48, seed=client) + number.to_bytes(4, "big")
            answer = await http.post("/api/photos?tasks=probe", files={"file": ("a.png", data)})
            assert answer.status_code == 200, answer.text
            assert answer.json()["sha256"] == hashlib.sha256(data).hexdigest()
            answered, number = answered + 1, number + 1

    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=service.url, timeout=120, limits=limits) as http:
        asking = [asyncio.create_task(ask_on(http, client)) for client in range(CLIENTS)]
        for _ in range(KILLS):
            reached = answered + 10 * CLIENTS
            await asyncio.to_thread(until, lambda at=reached: answered >= at, 60, f"{reached} answers")
            victim = service.part(WORKER)
            victim.kill()
            await asyncio.to_thread(
                until, lambda pid=victim.pid: [x for x in service.parts(WORKER) if x.pid != pid], 30, "a new worker"
            )
        enough.set()
        await asyncio.gather(*asking)
    with connect(service.env.get("REDIS_URL") or f"unix://{socket_path(service.home)}") as broker:
        assert [key for key in broker.scan_iter(PREFIX + "*") if b"unacked" in key or key == ATTEMPTS.encode()] == []
