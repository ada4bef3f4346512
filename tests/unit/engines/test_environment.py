"""Variables that other systems' compose files have keep their meaning."""

import pytest

from api.settings import ApiSettings
from engines.ocr.recognise import RecogniseOptions, plan
from engines.settings import EngineSettings
from tasks.settings import TaskSettings
from tasks.worker import preloads

IMMICH = {
    "MACHINE_LEARNING_CACHE_FOLDER": "/cache",
    "MACHINE_LEARNING_MODEL_TTL": "30",
    "MACHINE_LEARNING_WORKERS": "2",
    "MACHINE_LEARNING_REQUEST_THREADS": "3",
    "MACHINE_LEARNING_DEVICE_ID": "1",
    "MACHINE_LEARNING_PRELOAD__CLIP__VISUAL": "ViT-B-32__openai",
    "MACHINE_LEARNING_PRELOAD__CLIP__TEXTUAL": "ViT-B-32__openai",
    "MACHINE_LEARNING_PRELOAD__FACIAL_RECOGNITION__RECOGNITION": "buffalo_l",
    "MACHINE_LEARNING_MAX_BATCH_SIZE__OCR": "4",
    "MACHINE_LEARNING_OPENVINO_PRECISION": "FP16",
}
MT_PHOTOS = {
    "API_AUTH_KEY": "secret",
    "HTTP_PORT": "8061",
    "WEB_CONCURRENCY": "3",
    "OCR_MODEL_NAME": "PP-OCRv5_mobile",
    "OCR_REC_DYNAMIC_WIDTH": "off",
    "DEVICE": "cuda",
    "OCR_WORKERS": "1",
    "CLIP_WORKERS": "2",
    "FACE_WORKERS": "3",
    "DETECTION_THRESH": "0.7",
    "CLIP_MODEL": "ViT-B-16",
    "FACE_RECOGNITION_MODEL_NAME": "buffalo_s",
}


def test_immichs_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in IMMICH.items():
        monkeypatch.setenv(name, value)
    engines, tasks, api = EngineSettings(), TaskSettings(), ApiSettings()
    assert (str(engines.model_cache), engines.model_ttl, engines.device_id) == ("/cache", 30, 1)
    assert (engines.ocr_max_batch, engines.openvino_precision) == (4, "fp16")
    assert (api.web_concurrency, tasks.request_threads) == (2, 3)
    assert preloads(engines) == [
        ("ocr", None),
        ("clip", "ViT-B-32__openai"),
        ("clip_text", "ViT-B-32__openai"),
        ("face", "buffalo_l"),
    ]


def test_mt_photos_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in MT_PHOTOS.items():
        monkeypatch.setenv(name, value)
    engines, tasks, api = EngineSettings(), TaskSettings(), ApiSettings()
    assert (api.api_auth_key, api.http_port, api.web_concurrency) == ("secret", 8061, 3)
    assert (engines.ocr_model_name, engines.ocr_rec_dynamic_width) == ("PP-OCRv5_mobile", False)
    assert tasks.limits == {"ocr": 1, "clip": 2, "face": 3}
    assert (tasks.face_min_score, tasks.devices) == (0.7, "cuda")
    assert engines.default_model("clip") == engines.default_model("clip_text") == "ViT-B-16"
    assert engines.default_model("face") == "buffalo_s"


def test_a_batch_has_no_more_lines_than_is_allowed() -> None:
    import numpy as np

    lines = [np.zeros((48, 64, 3), np.uint8)] * 9
    assert [len(batch.indices) for batch in plan(lines, RecogniseOptions(most_lines=4))] == [4, 4, 1]
