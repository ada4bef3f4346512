"""Immich's calls, to the letter."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.conftest import Service, picture
from tests.contract.test_mt_photos import portrait

pytestmark = pytest.mark.e2e

OCR = {
    "ocr": {
        "detection": {"modelName": "PP-OCRv5_mobile", "options": {"minScore": 0.5, "maxResolution": 736}},
        "recognition": {"modelName": "PP-OCRv5_mobile", "options": {"minScore": 0.8}},
    }
}
CLIP = {"clip": {"visual": {"modelName": "ViT-B-32__openai", "options": {}}}}
FACE = {
    "facial-recognition": {
        "detection": {"modelName": "buffalo_l", "options": {"minScore": 0.7}},
        "recognition": {"modelName": "buffalo_l", "options": {}},
    }
}


def predict(service: Service, entries: Any, image: bytes | None = None, **fields: str) -> Any:
    """As Immich's server sends it: one multipart form, no key."""
    raw = entries if isinstance(entries, str) else json.dumps(entries)
    files = {"image": ("blob", image, "application/octet-stream")} if image is not None else None
    return service.http.post("/predict", data={"entries": raw, **fields}, files=files)


def test_ping_is_pong_as_text(service: Service) -> None:
    answer = service.http.get("/ping", timeout=2)
    assert (answer.status_code, answer.text) == (200, "pong")
    assert answer.headers["content-type"].startswith("text/plain")


def test_text_comes_with_boxes_from_0_to_1_and_the_pictures_size(service: Service) -> None:
    body = predict(service, OCR, picture(640, 200, "Immich reads this", seed=3)).json()
    assert set(body) == {"ocr", "imageHeight", "imageWidth"}
    assert (body["imageWidth"], body["imageHeight"]) == (640, 200)
    ocr = body["ocr"]
    assert set(ocr) == {"text", "box", "boxScore", "textScore"}
    assert " ".join(ocr["text"]) == "Immich reads this"
    assert len(ocr["box"]) == 8 * len(ocr["text"]) == 8 * len(ocr["boxScore"]) == 8 * len(ocr["textScore"])
    assert all(isinstance(side, float) and 0 <= side <= 1 for side in ocr["box"])
    x1, y1, x2, _, _, y3 = ocr["box"][:6]
    assert x1 < x2, "the first corner is the text's top left"
    assert y1 < y3


def test_a_photo_on_its_side_is_measured_upright(service: Service) -> None:
    image = Image.open(io.BytesIO(picture(640, 200, "Turned", seed=4))).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, exif=exif)
    body = predict(service, OCR, out.getvalue()).json()
    assert (body["imageWidth"], body["imageHeight"]) == (640, 200)
    assert body["ocr"]["text"] == ["Turned"]


def test_lines_under_the_least_score_are_left_out(service: Service) -> None:
    strict = json.loads(json.dumps(OCR))
    strict["ocr"]["recognition"]["options"]["minScore"] = 1.0
    body = predict(service, strict, picture(640, 200, "Immich reads this", seed=3)).json()
    assert body["ocr"] == {"text": [], "box": [], "boxScore": [], "textScore": []}


@pytest.mark.parametrize(
    "entries",
    [
        "",
        "{",
        "[]",
        "{}",
        '"ocr"',
        '{"ocr": {}}',
        '{"ocr": []}',
        '{"ocr": {"recognition": {}}}',
        '{"ocr": {"recognition": {"modelName": 5}}}',
        '{"ocr": {"recognition": {"modelName": "x", "options": []}}}',
        '{"ocr": {"recognition": {"modelName": "x", "options": {"minScore": "much"}}}}',
    ],
)
def test_entries_of_another_form_are_422_in_immichs_words(service: Service, entries: str) -> None:
    answer = predict(service, entries, picture())
    assert answer.status_code == 422
    if entries:
        assert answer.json() == {"detail": "Invalid request format."}


def test_without_entries_it_is_the_frameworks_422(service: Service) -> None:
    answer = service.http.post("/predict", files={"image": ("blob", picture())})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "entries"]


def test_neither_image_nor_text_is_400_in_immichs_words(service: Service) -> None:
    answer = predict(service, OCR)
    assert (answer.status_code, answer.json()) == (400, {"detail": "Either image or text must be provided"})


def test_an_unknown_task_or_model_is_refused_with_the_reason(service: Service) -> None:
    answer = predict(service, {"smell": {"visual": {"modelName": "nose"}}}, picture())
    assert answer.status_code == 422
    assert "smell" in answer.json()["detail"]
    unknown = {"ocr": {"recognition": {"modelName": "no-such-model"}}}
    answer = predict(service, unknown, picture())
    assert answer.status_code == 400
    assert "no-such-model" in answer.json()["detail"]


@pytest.mark.parametrize("data", [b"", b"no picture at all", picture()[:100]])
def test_what_is_no_picture_is_an_error_and_never_an_empty_result(service: Service, data: bytes) -> None:
    answer = predict(service, OCR, data)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_several_tasks_come_in_one_reply(service: Service) -> None:
    body = predict(service, {**OCR, **CLIP, **FACE}, portrait()).json()
    assert set(body) == {"ocr", "clip", "facial-recognition", "imageHeight", "imageWidth"}
    assert isinstance(body["clip"], str), "a vector is JSON inside a string"
    assert len(json.loads(body["clip"])) == 512
    (face,) = body["facial-recognition"]
    assert set(face) == {"boundingBox", "embedding", "score"}
    assert isinstance(face["embedding"], str)
    assert len(json.loads(face["embedding"])) == 128
    box = face["boundingBox"]
    assert set(box) == {"x1", "y1", "x2", "y2"}
    assert 150 < (box["x1"] + box["x2"]) / 2 < 290
    assert 0.7 <= face["score"] <= 1


def test_a_text_alone_has_no_size(service: Service) -> None:
    textual = {"clip": {"textual": {"modelName": "ViT-B-32__openai", "options": {"language": "en"}}}}
    body = predict(service, textual, text="a red bus").json()
    assert set(body) == {"clip"}
    assert len(json.loads(body["clip"])) == 512


def test_a_face_under_the_least_score_is_left_out(service: Service) -> None:
    strict = json.loads(json.dumps(FACE))
    strict["facial-recognition"]["detection"]["options"]["minScore"] = 1.0
    assert predict(service, strict, portrait()).json()["facial-recognition"] == []


def test_a_picture_is_not_asked_of_a_textual_model_nor_a_text_of_a_visual_one(service: Service) -> None:
    textual = {"clip": {"textual": {"modelName": "ViT-B-32__openai"}}}
    assert predict(service, textual, picture()).status_code == 400
    assert predict(service, CLIP, text="a dog").status_code == 400


def test_a_page_in_a_browser_may_not_use_the_keyless_routes(service: Service) -> None:
    answer = service.http.post("/predict", data={"entries": json.dumps(OCR)}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
