"""A full queue answers soon, in the protocol's own form; a data folder has one owner; the end comes within 10 s."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import Service, picture

pytestmark = pytest.mark.e2e
KEY = {"api-key": "mt_photos_ai_extra"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "home", tmp_path, QUEUE_LIMIT="1")
    yield made
    assert made.stop() < 10


def test_a_full_queue_is_429_with_a_time_to_come_back(small: Service) -> None:
    big = picture(4000, 4000)

    def post(number: int) -> httpx.Response:
        unlike = {"file": ("p.png", big + number.to_bytes(2, "big"))}
        return httpx.post(f"{small.url}/api/photos?tasks=probe", files=unlike, timeout=60)

    def post_mt_photos(number: int) -> httpx.Response:
        unlike = {"file": ("p.png", big + number.to_bytes(3, "big"))}
        return httpx.post(f"{small.url}/ocr", files=unlike, headers=KEY, timeout=60)

    with ThreadPoolExecutor(40) as pool:
        native, compat = pool.map(post, range(20)), pool.map(post_mt_photos, range(20))
        answers, others = list(native), list(compat)
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} <= {200, 429}
    assert refused, "twenty requests at once must overfill a queue of one"
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert refused[0].json()["error"]["code"] == "queue_full"
    assert {answer.status_code for answer in others} == {200}
    assert any("wait already" in answer.json().get("msg", "") for answer in others)
    assert post(99).status_code == 200


def test_a_data_folder_in_use_is_refused(small: Service) -> None:
    script = str(Path(sys.executable).parent / "darkroom")
    second = subprocess.run(
        [script, "up", "--port", "0", "--data", str(small.home)], capture_output=True, text=True, timeout=30
    )
    assert second.returncode == 1
    assert str(small.home) in second.stderr
    assert str(small.child.pid) in second.stderr
