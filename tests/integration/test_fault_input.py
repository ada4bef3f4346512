"""Pictures that are broken in every known way have their status everywhere, and the next request is served."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e
KEY = {"api-key": "mt_photos_ai_extra"}
OCR = {
    "ocr": {
        "detection": {"modelName": "PP-OCRv6_small", "options": {"minScore": 0.5, "maxResolution": 736}},
        "recognition": {"modelName": "PP-OCRv6_small", "options": {"minScore": 0.8}},
    }
}
REFUSED = {
    "not_a_picture": 415,
    "picture_undecodable": 422,
    "picture_out_of_range": 422,
}
SOUND_FIRST_FRAME = "Pillow_decompression_bomb_extents.gif"


@pytest.fixture(scope="module")
def bad(shared: Path) -> dict[str, tuple[bytes, str]]:
    """Each bad picture with what is to become of it."""
    folder = shared / "testdata" / "bad"
    entries = json.loads((folder / "manifest.json").read_text())["entries"]
    assert len(entries) == 28
    return {entry["file"]: ((folder / entry["file"]).read_bytes(), entry["expect"]) for entry in entries}


def expected(name: str, expect: str) -> set[str]:
    """The codes that are right for a picture; "" is success."""
    if expect.startswith("ok") or name == SOUND_FIRST_FRAME:
        return {""}
    if expect == "refuse":
        return {"picture_out_of_range"}
    errors = {"not_a_picture", "picture_undecodable"}
    return errors | {""} if " or " in expect else errors


def code(answer: httpx.Response) -> str:
    return "" if answer.status_code == 200 else str(answer.json()["error"]["code"])


def test_each_bad_picture_has_its_status_in_every_protocol_and_the_next_request_is_served(
    service: Service, bad: dict[str, tuple[bytes, str]]
) -> None:
    pids = {process.pid for process in service.parts("darkroom worker")}
    wrong: list[Any] = []
    for name, (data, expect) in bad.items():
        answer = service.http.post("/api/photos?tasks=probe", files={"file": (name, data)})
        found = code(answer)
        mt_photos = service.http.post("/ocr", files={"file": (name, data)}, headers=KEY)
        immich = service.http.post("/predict", data={"entries": json.dumps(OCR)}, files={"image": (name, data)})
        right = (
            found in expected(name, expect)
            and answer.status_code == REFUSED.get(found, 200)
            and mt_photos.status_code == 200
            and bool(mt_photos.json().get("msg")) == bool(found)
            and immich.status_code == (400 if found else 200)
        )
        if not right:
            wrong.append((name, expect, answer.text[:100], mt_photos.text[:100], immich.status_code, immich.text[:100]))
        following = service.http.post("/api/photos?tasks=probe", files={"file": ("good.png", picture())})
        assert following.status_code == 200, name
    assert not wrong
    assert {process.pid for process in service.parts("darkroom worker")} == pids, "no process died of them"


def test_bad_pictures_fail_alone_in_a_job_with_the_same_codes(
    service: Service, bad: dict[str, tuple[bytes, str]]
) -> None:
    files = [("files", (name, data)) for name, (data, _) in bad.items()]
    good = [("files", (f"good-{number}.png", picture(seed=number))) for number in range(4)]
    answer = service.http.post("/api/jobs", files=[*files, *good], data={"tasks": "probe"})
    assert answer.status_code == 202, answer.text
    job = answer.json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 90, "the job's end")
    lines = [json.loads(line) for line in service.http.get(f"/api/jobs/{job}/results").text.splitlines()]
    found = {line["name"]: line["error"]["code"] if line["error"] else "" for line in lines}
    wrong = {name: found[name] for name, (_, expect) in bad.items() if found[name] not in expected(name, expect)}
    assert not wrong
    assert {found[f"good-{number}.png"] for number in range(4)} == {""}
    assert len(found) == 32
