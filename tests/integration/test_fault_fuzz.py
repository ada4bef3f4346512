"""Mutated pictures, documents and bodies: never a 5xx, never a hang, and the next request is served.

`FUZZ_S` makes it longer, `FUZZ_SEED` repeats a run.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable

import httpx
import psutil
import pytest

from tests.conftest import Service, picture, until
from tests.fuzz.mutation import mutated
from tests.pdfs import pdf

pytestmark = pytest.mark.e2e
SECONDS = float(os.environ.get("FUZZ_S", "16"))
SEED = int(os.environ.get("FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
SLOWEST_S = 20.0
GROWTH = 400 * 2**20
FORMS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "JPEG2000")
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n%s\r\n--b--\r\n'
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
JSON = {"content-type": "application/json"}


Case = Callable[[httpx.Client, random.Random], httpx.Response]


def a_picture(http: httpx.Client, dice: random.Random) -> httpx.Response:
    data = mutated(dice.choice(PICTURES), dice)
    return http.post("/api/photos?tasks=probe", files={"file": ("a.jpg", data)})


def a_multipart_body(http: httpx.Client, dice: random.Random) -> httpx.Response:
    body = mutated(PART % PICTURES[1], dice)
    return http.post(dice.choice(("/api/photos?tasks=probe", "/api/jobs?tasks=probe")), content=body, headers=MULTIPART)


def a_document(http: httpx.Client, dice: random.Random) -> httpx.Response:
    return http.post("/api/documents", files={"file": ("a.pdf", mutated(PDF, dice))})


def a_json_body(http: httpx.Client, dice: random.Random) -> httpx.Response:
    body = {"library": "/", "tasks": ["probe"], "include": ["*.png"], "priority": "bulk", "custom_id": "x"}
    return http.post("/api/jobs", content=mutated(json.dumps(body).encode(), dice), headers=JSON)


def immich_entries(http: httpx.Client, dice: random.Random) -> httpx.Response:
    entries = {"clip": {"visual": {"modelName": "none__none", "options": {"minScore": 0.5}}}}
    raw = mutated(json.dumps(entries).encode(), dice).decode("utf-8", "replace")
    return http.post("/predict", data={"entries": raw}, files={"image": ("a", PICTURES[0])})


def a_cursor(http: httpx.Client, dice: random.Random) -> httpx.Response:
    return http.get("/api/jobs", params={"cursor": mutated(b"1700000000.5-0123456789abcdef", dice).decode("latin-1")})


PICTURES = [picture(60, 40, form=form) for form in FORMS]
PDF = pdf([["A page."]])
DOCUMENTS = 6
CASES: tuple[Case, ...] = (a_picture, a_picture, a_picture, a_multipart_body, a_json_body, immich_entries, a_cursor)


def test_no_mutated_body_is_a_fault_of_ours(service: Service) -> None:
    print(f"FUZZ_SEED={SEED}")
    dice = random.Random(SEED)
    workers = service.parts("darkroom worker")
    before = {process.pid: process.memory_info().rss for process in workers}
    statuses: Counter[int] = Counter()
    wrong, documents = [], []
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        number = sum(statuses.values())
        case = a_document if number in range(0, 20 * DOCUMENTS, 20) else dice.choice(CASES)
        answer = case(service.http, dice)
        if case is a_document and answer.status_code == 202:
            documents.append(answer.json()["task_id"])
        statuses[answer.status_code] += 1
        if answer.status_code >= 500 or answer.elapsed.total_seconds() > SLOWEST_S:
            wrong.append((case.__name__, answer.status_code, answer.text[:200], number))
    assert not wrong
    assert set(statuses) >= {200, 400, 415, 422}, statuses
    for job in documents:
        until(lambda j=job: service.http.get(f"/api/jobs/{j}").json()["finished_at"], 60, "its end")  # type: ignore[misc]
    assert service.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())}).status_code == 200
    assert {process.pid for process in service.parts("darkroom worker")} == set(before), "no process died"
    grown = {process.pid: process.memory_info().rss - before[process.pid] for process in workers if alive(process)}
    assert max(grown.values()) < GROWTH


def alive(process: psutil.Process) -> bool:
    return process.is_running()
