"""The reference server: one process, FastAPI, a thread pool for each kind of work, the calls of MT Photos."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, File, UploadFile
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from cli.bench.reference import models
from cli.bench.reference.setting import Setting

Upload = Annotated[UploadFile, File()]


class TextQuery(BaseModel):
    """What is looked for."""

    text: str


class _Kind:
    """One model and the threads that call it."""

    def __init__(self, model: Any, setting: Setting) -> None:
        self._model = model
        self._pool = ThreadPoolExecutor(setting.workers)

    async def __call__(self, given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._model, given)


def make(cache: Path, clip: str, faces: str, settings: dict[str, Setting]) -> FastAPI:
    """The application, its models loaded: those of the rows that `settings` names."""
    made: dict[str, _Kind] = {}
    for subject, setting in settings.items():
        made[subject] = _Kind(_load(subject, cache, clip, faces, setting), setting)
    app = FastAPI()

    @app.post("/ocr")
    async def ocr(file: Upload) -> JSONResponse:
        texts, scores, boxes = await made["ocr"](await file.read())
        return JSONResponse(
            {
                "result": {
                    "texts": texts,
                    "scores": [f"{score:.2f}" for score in scores],
                    "boxes": [_box(quad) for quad in boxes],
                }
            }
        )

    @app.post("/clip/img")
    async def clip_img(file: Upload) -> JSONResponse:
        return _vector(await made["clip_image"](await file.read()))

    @app.post("/clip/txt")
    async def clip_txt(query: TextQuery) -> JSONResponse:
        return _vector(await made["clip_text"](query.text))

    @app.post("/represent")
    async def represent(file: Upload) -> JSONResponse:
        return JSONResponse({"result": [_face(*found) for found in await made["faces"](await file.read())]})

    return app


def _load(subject: str, cache: Path, clip: str, faces: str, setting: Setting) -> Any:
    if subject == "ocr":
        return models.Ocr(setting)
    if subject == "clip_image":
        return models.ClipImage(cache / "clip" / clip, setting)
    if subject == "clip_text":
        return models.ClipText(cache / "clip" / clip, setting)
    return models.Faces(None if faces == "dlib" else cache / "facial-recognition" / faces, setting)


def _vector(numbers: Any) -> JSONResponse:
    return JSONResponse({"result": [f"{number:.16f}" for number in numbers.tolist()]})


def _face(box: list[float], score: float, vector: list[float]) -> dict[str, Any]:
    x1, y1, x2, y2 = (round(side) for side in box)
    return {
        "embedding": vector,
        "facial_area": {"x": x1, "y": y1, "w": x2 - x1, "h": y2 - y1},
        "face_confidence": score,
    }


def _box(quad: list[list[float]]) -> dict[str, str]:
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    sides = {"x": min(xs), "y": min(ys), "width": max(xs) - min(xs), "height": max(ys) - min(ys)}
    return {name: f"{value:.1f}" for name, value in sides.items()}
