"""Search of a service without a model for pictures, and of a library whose files come and go."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


def scan(service: Service) -> None:
    asked = {"library": str(service.library), "tasks": ["ocr"]}
    job = service.http.post("/api/jobs", json=asked).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["finished_at"], 60, "the job's end")


def search(service: Service, q: str, **params: Any) -> Any:
    answer = service.http.get("/api/search", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(service: Service, q: str) -> list[str]:
    return sorted(item["name"] for item in search(service, q)["items"])


def test_text_is_found_without_a_model_for_pictures_and_follows_the_files(own_service: Service, tmp_path: Path) -> None:
    library = own_service.library
    for number, words in enumerate(("Gate Seven", "Gate Eight")):
        (library / f"{number}.png").write_bytes(picture(600, 200, words, seed=800 + number))
    scan(own_service)
    found = search(own_service, "gate seven")
    assert [item["name"] for item in found["items"]] == ["0.png"]
    assert "darkroom models pull" in found["notes"][0]
    refused = own_service.http.get("/api/search", params={"q": "a gate", "mode": "image"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "model_missing")
    assert "darkroom models pull" in refused.json()["error"]["hint"]

    (library / "0.png").unlink()
    (library / "1.png").rename(library / "2.png")
    (library / "3.png").write_bytes(picture(600, 200, "Gate Nine", seed=803))
    scan(own_service)
    assert names(own_service, "gate") == ["2.png", "3.png"]
    assert names(own_service, "seven") == []
