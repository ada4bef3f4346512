"""More requests than may wait: those that do not fit are refused at once, and none that was accepted is lost."""

import asyncio

import httpx
import pytest

from tests.conftest import Service, picture

pytestmark = pytest.mark.e2e
REQUESTS = 90
LIMIT = 64


async def test_what_does_not_fit_is_refused_at_once_and_the_rest_is_answered(service: Service) -> None:
    workers = service.parts("darkroom worker")
    async with httpx.AsyncClient(
        base_url=service.url, timeout=60, limits=httpx.Limits(max_connections=REQUESTS)
    ) as client:

        async def ask(number: int) -> httpx.Response:
            answer = await client.post("/api/photos?tasks=probe", files={"file": ("a.png", picture(seed=number))})
            if answer.status_code == 429:
                refused.set()
            return answer

        refused = asyncio.Event()
        for process in workers:
            process.suspend()
        try:
            asked = [asyncio.create_task(ask(number)) for number in range(REQUESTS)]
            async with asyncio.timeout(10):
                await refused.wait()
            key = {"api-key": "mt_photos_ai_extra"}
            mt_photos = await client.post("/ocr", files={"file": ("a.png", picture(seed=999))}, headers=key, timeout=5)
        finally:
            for process in workers:
                process.resume()
        answers = await asyncio.gather(*asked)
    assert mt_photos.status_code == 200
    assert "wait already" in mt_photos.json()["msg"]
    full = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers if answer not in full] == [200] * (REQUESTS - len(full))
    assert 0 < len(full) <= REQUESTS - LIMIT
    assert all(answer.json()["error"]["code"] == "queue_full" for answer in full)
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in full)
