"""The same question put through each protocol, and what is found in its answer."""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cli.bench.clients import Request

Vector = NDArray[np.float32]
BOUNDARY: Final = "darkroom-bench"
LEAST: Final = 0.65
"""Certainty from which on a face counts, on both sides."""


@dataclass(frozen=True, slots=True)
class Door:
    """One way in.

    Attributes:
        name: of the protocol.
        request: makes a call out of a picture's bytes, or of a text.
        read: what its answer says: a text, a vector, or vectors.
    """

    name: str
    request: Callable[[bytes], Request]
    read: Callable[[bytes], Any]


def doors(subject: str, model: str) -> list[Door]:
    """MT Photos' first, whose calls the reference server answers too; then ours and Immich's.

    Args:
        subject: a row's name.
        model: that answers, for protocols that name one.
    """
    return {"ocr": _ocr, "clip_image": _clip_image, "clip_text": _clip_text, "faces": _faces}[subject](model)


def _ocr(model: str) -> list[Door]:
    entry = {
        "ocr": {
            "detection": {"modelName": model, "options": {"minScore": 0.5, "maxResolution": 736}},
            "recognition": {"modelName": model, "options": {"minScore": 0.5}},
        }
    }
    return [
        Door("mt_photos", lambda data: upload("/ocr", data), lambda body: "\n".join(_json(body)["result"]["texts"])),
        Door("native", lambda data: upload("/api/photos?tasks=ocr", data), lambda b: _results(b)["ocr"]["text"]),
        Door("immich", lambda data: predict(entry, data), lambda body: "\n".join(_json(body)["ocr"]["text"])),
    ]


def _clip_image(model: str) -> list[Door]:
    entry = {"clip": {"visual": {"modelName": model, "options": {}}}}
    return [
        Door("mt_photos", lambda data: upload("/clip/img", data), lambda body: vector(_json(body)["result"])),
        Door(
            "native",
            lambda data: upload("/api/photos?tasks=clip", data),
            lambda body: vector(_results(body)["clip"]["embedding"]),
        ),
        Door("immich", lambda data: predict(entry, data), lambda body: vector(json.loads(_json(body)["clip"]))),
    ]


def _clip_text(model: str) -> list[Door]:
    entry = {"clip": {"textual": {"modelName": model, "options": {}}}}
    return [
        Door("mt_photos", lambda text: said("/clip/txt", text), lambda body: vector(_json(body)["result"])),
        Door("native", lambda text: said("/api/text", text), lambda body: vector(_json(body)["embedding"])),
        Door("immich", lambda text: predict(entry, text, "text"), lambda body: vector(json.loads(_json(body)["clip"]))),
    ]


def _faces(model: str) -> list[Door]:
    task = "facial-recognition"
    types: dict[str, dict[str, Any]] = {"detection": {"options": {"minScore": LEAST}}, "recognition": {"options": {}}}
    entry = {task: {kind: {"modelName": model, **more} for kind, more in types.items()}}

    def all_of(faces: Any) -> list[Vector]:
        return [vector(face["embedding"]) for face in faces]

    return [
        Door("mt_photos", lambda data: upload("/represent", data), lambda body: all_of(_json(body)["result"])),
        Door("native", lambda data: upload("/api/photos?tasks=face", data), lambda b: all_of(_results(b)["face"])),
        Door("immich", lambda data: predict(entry, data), lambda body: all_of(_json(body)[task])),
    ]


def upload(path: str, data: bytes) -> Request:
    """A picture as the field `file` of a form."""
    return _form(path, [_part('name="file"; filename="p.jpg"', data)])


def predict(entries: dict[str, Any], data: bytes, field: str = "image") -> Request:
    """A call of Immich's."""
    name = 'name="image"; filename="p.jpg"' if field == "image" else f'name="{field}"'
    return _form("/predict", [_part('name="entries"', json.dumps(entries).encode()), _part(name, data)])


def said(path: str, text: bytes) -> Request:
    """A text as JSON."""
    return Request(path, {"Content-Type": "application/json", **key()}, json.dumps({"text": text.decode()}).encode())


def key() -> dict[str, str]:
    """What a client of MT Photos sends with every call."""
    return {"api-key": os.environ.get("API_AUTH_KEY", "mt_photos_ai_extra")}


def vector(numbers: Any) -> Vector:
    """Numbers, numbers as texts, or base64 of float32."""
    if isinstance(numbers, str):
        plain = json.loads(numbers) if numbers.startswith("[") else np.frombuffer(base64.b64decode(numbers), "<f4")
        return np.asarray(plain, np.float32)
    return np.array([float(number) for number in numbers], np.float32)


def _form(path: str, parts: list[bytes]) -> Request:
    body = b"".join((*parts, f"--{BOUNDARY}--\r\n".encode()))
    return Request(path, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **key()}, body)


def _part(name: str, data: bytes) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\n\r\n".encode() + data + b"\r\n"


def _json(body: bytes) -> Any:
    answer = json.loads(body)
    if isinstance(answer, dict) and "msg" in answer:
        raise RuntimeError(f"no answer but: {answer['msg']}")
    return answer


def _results(body: bytes) -> Any:
    return _json(body)["results"]
