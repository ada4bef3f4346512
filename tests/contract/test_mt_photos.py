"""MT Photos' calls, to the letter."""

import io
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cli.samples import photo_paths
from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e
KEY = {"api-key": "mt_photos_ai_extra"}


def ocr(service: Service, data: bytes) -> Any:
    answer = service.http.post("/ocr", files={"file": ("photo.jpg", data)}, headers=KEY)
    assert answer.status_code == 200
    return answer.json()


def photo(name: str) -> bytes:
    """A photograph of the demo."""
    found = {path.name: path for path in photo_paths()}
    if name not in found:
        pytest.skip("scikit-image's photographs are not installed: make setup")
    return found[name].read_bytes()


def portrait() -> bytes:
    """A photograph with one face, of 512 by 512 pixels."""
    return photo("astronaut.png")


def test_a_person_who_opens_the_address_sees_a_page(service: Service) -> None:
    answer = service.http.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "Darkroom" in answer.text


def test_check_passes_and_carries_the_thresholds(service: Service) -> None:
    body = service.http.post("/check", headers=KEY).json()
    assert body == {
        "result": "pass",
        "title": "Darkroom (standing in: concepts, dlib)",
        "help": body["help"],
        "detector_backend": "dlib",
        "recognition_model": "dlib",
        "facial_min_score": 0.65,
        "facial_max_distance": 0.5,
    }


def test_a_missing_key_is_the_frameworks_422(service: Service) -> None:
    answer = service.http.post("/check")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "api-key"]
    assert answer.json()["detail"][0]["type"] == "missing"


def test_a_wrong_key_is_401_in_its_words(service: Service) -> None:
    answer = service.http.post("/ocr", headers={"api-key": "wrong"}, files={"file": ("a.png", picture())})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid API key"})


def test_a_missing_file_is_the_frameworks_422(service: Service) -> None:
    answer = service.http.post("/ocr", headers=KEY, data={"other": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "file"]


def test_text_is_read_and_every_number_is_a_string(service: Service) -> None:
    result = ocr(service, picture(600, 200, "Invoice 2024"))["result"]
    assert " ".join(result["texts"]).replace(" ", "").lower() == "invoice2024"
    assert all(re.fullmatch(r"\d\.\d\d", score) for score in result["scores"])
    assert all(set(box) == {"x", "y", "width", "height"} for box in result["boxes"])
    assert all(re.fullmatch(r"-?\d+\.\d", value) for box in result["boxes"] for value in box.values())


def test_a_picture_without_text_is_an_answer(service: Service) -> None:
    assert ocr(service, picture(64, 64)) == {"result": {"texts": [], "scores": [], "boxes": []}}


@pytest.mark.parametrize("data", [b"", b"just text", picture(form="JPEG")[:700]], ids=["empty", "text", "truncated"])
def test_what_cannot_be_used_is_200_with_a_message(service: Service, data: bytes) -> None:
    body = ocr(service, data)
    assert body["result"] == []
    assert body["msg"]


def test_a_side_over_the_limit_has_the_known_message(service: Service) -> None:
    assert "height or width out of range" in ocr(service, picture(12_000, 2))["msg"]


def test_an_upload_over_the_limit_is_413_here_too_and_the_next_is_served(service: Service) -> None:
    answer = service.http.post("/ocr", files={"file": ("a.jpg", b"x" * (65 * 2**20))}, headers=KEY)
    assert answer.status_code == 413
    assert "result" in ocr(service, picture(64, 64))


def test_lines_come_from_top_to_bottom_and_boxes_lie_where_the_words_are(service: Service) -> None:
    image = Image.new("RGB", (700, 500), "white")
    draw = ImageDraw.Draw(image)
    places = {"Alpha": (40, 40), "Bravo": (400, 42), "Charlie": (40, 220), "Delta": (300, 400)}
    for word, place in places.items():
        draw.text(place, word, fill="black", font_size=50)
    out = io.BytesIO()
    image.save(out, "PNG")
    result = ocr(service, out.getvalue())["result"]
    assert result["texts"] == list(places)
    for box, (x, y) in zip(result["boxes"], places.values(), strict=True):
        assert abs(float(box["x"]) - x) < 25
        assert abs(float(box["y"]) - y) < 40
        assert 60 < float(box["width"]) < 260
        assert 25 < float(box["height"]) < 90


@pytest.mark.parametrize("call", ["img", "txt"])
def test_a_vector_is_strings_with_16_decimals_under_both_names(service: Service, call: str) -> None:
    if call == "img":
        answer = service.http.post("/clip/img", files={"file": ("a.png", portrait())}, headers=KEY)
    else:
        answer = service.http.post("/clip/txt", json={"text": "飞机"}, headers=KEY)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"result", "results"}
    assert body["result"] == body["results"]
    assert len(body["result"]) == 512
    assert all(re.fullmatch(r"-?\d+\.\d{16}", number) for number in body["result"])


def test_a_text_and_the_photo_that_it_describes_are_near(service: Service) -> None:
    def vector(answer: Any) -> Any:
        numbers = np.array([float(number) for number in answer.json()["result"]])
        return numbers / np.linalg.norm(numbers)

    photos = {
        name: vector(service.http.post("/clip/img", files={"file": (name, photo(name))}, headers=KEY))
        for name in ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
    }
    words = {"a cat": "chelsea.png", "a cup of coffee": "coffee.png", "a rocket": "rocket.jpg"}
    for text, name in words.items():
        asked = vector(service.http.post("/clip/txt", json={"text": text}, headers=KEY))
        assert max(photos, key=lambda each: photos[each] @ asked) == name


def test_a_text_that_is_none_is_the_frameworks_422(service: Service) -> None:
    for body in ({}, {"text": 5}, {"words": "a"}):
        assert service.http.post("/clip/txt", json=body, headers=KEY).status_code == 422


def test_a_text_of_half_a_character_or_none_is_answered(service: Service) -> None:
    for raw in (b'{"text": "\\ud800"}', b'{"text": ""}', b'{"text": "' + b"a " * 20_000 + b'"}'):
        headers = {**KEY, "Content-Type": "application/json"}
        assert len(service.http.post("/clip/txt", content=raw, headers=headers).json()["result"]) == 512


def test_faces_come_with_whole_pixels_and_the_model_is_named(service: Service) -> None:
    body = service.http.post("/represent", files={"file": ("a.png", portrait())}, headers=KEY).json()
    assert set(body) == {"detector_backend", "recognition_model", "result"}
    checked = service.http.post("/check", headers=KEY).json()
    assert body["recognition_model"] == checked["recognition_model"] == "dlib", "what stands in is named"
    (face,) = body["result"]
    assert set(face) == {"embedding", "facial_area", "face_confidence"}
    assert len(face["embedding"]) == 128
    assert all(isinstance(number, float) for number in face["embedding"])
    area = face["facial_area"]
    assert set(area) == {"x", "y", "w", "h"}
    assert all(isinstance(side, int) for side in area.values())
    assert 150 < area["x"] + area["w"] / 2 < 290, "the astronaut's face is left of the middle, near the top"
    assert 60 < area["y"] + area["h"] / 2 < 200
    assert 0.65 <= face["face_confidence"] <= 1


def test_no_face_is_an_empty_result(service: Service) -> None:
    body = service.http.post("/represent", files={"file": ("a.png", picture(300, 300))}, headers=KEY).json()
    assert body["result"] == []
    assert "msg" not in body


@pytest.mark.parametrize("call", ["/ocr", "/clip/img", "/represent"])
def test_what_is_no_picture_has_an_empty_result_and_a_message(service: Service, call: str) -> None:
    answer = service.http.post(call, files={"file": ("a.jpg", b"no picture")}, headers=KEY)
    assert (answer.status_code, answer.json()["result"]) == (200, [])
    assert answer.json()["msg"]


def test_restart_frees_models_and_the_next_request_is_served(service: Service) -> None:
    assert service.http.post("/restart", headers=KEY).json() == {"result": "pass"}
    assert ocr(service, picture(600, 200, "After restart", seed=9))["result"]["texts"]


def test_restart_v2_recycles_the_workers_and_drops_nothing(service: Service) -> None:
    before = {process.pid for process in service.parts("darkroom worker")}
    assert service.http.post("/restart_v2", headers=KEY).json() == {"result": "pass"}
    until(
        lambda: (
            {p.pid for p in service.parts("darkroom worker")}.isdisjoint(before)
            and len(service.parts("darkroom worker")) == len(before)
            and service.http.get("/readyz?require=ocr").status_code == 200
        ),
        60,
        "new workers",
    )
    assert ocr(service, picture(600, 200, "After recycling", seed=10))["result"]["texts"]
