"""The models of the reference server: one onnxruntime session each, full decode, nothing shared between requests."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cli.bench.reference.setting import Setting

Array = NDArray[Any]
LEAST: Final = 0.65


def picture(data: bytes) -> Array:
    """Upright RGB, uint8 [h, w, 3], by Pillow at full size."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))


def session(path: Path, setting: Setting) -> Any:
    """One onnxruntime session on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = setting.intra
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Ocr:
    """RapidOCR on the weights in its wheel, without its direction classifier, as most set it up."""

    def __init__(self, setting: Setting) -> None:
        from rapidocr import RapidOCR

        self._reader = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "EngineConfig.onnxruntime.intra_op_num_threads": setting.intra or -1,
                "Rec.rec_batch_num": setting.batch,
            }
        )

    def __call__(self, data: bytes) -> tuple[list[str], list[float], list[Any]]:
        """Texts, their scores and their quads."""
        found = self._reader(picture(data)[..., ::-1])
        return list(found.txts or ()), list(found.scores or ()), [] if found.boxes is None else found.boxes.tolist()


class ClipImage:
    """An image tower as open_clip prepares its pictures, one at a time."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        self._session = session(folder / "visual" / "model.onnx", setting)
        config = json.loads((folder / "visual" / "preprocess_cfg.json").read_text(encoding="utf-8"))
        size = config["size"]
        self._side = size[0] if isinstance(size, list) else size
        self._mean = np.array(config.get("mean") or [0.48145466, 0.4578275, 0.40821073], np.float32)
        self._std = np.array(config.get("std") or [0.26862954, 0.26130258, 0.27577711], np.float32)
        self._squash = config.get("resize_mode") == "squash"

    def __call__(self, data: bytes) -> Array:
        """The vector of a picture."""
        from PIL import Image

        opened, side = Image.fromarray(picture(data)), self._side
        short = min(opened.size)
        width, height = (side, side) if self._squash else (int(side * edge / short) for edge in opened.size)
        left, top = round((width - side) / 2), round((height - side) / 2)
        square = opened.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + side, top + side))
        blob = (np.asarray(square, np.float32) / 255 - self._mean) / self._std
        feed = {self._session.get_inputs()[0].name: np.ascontiguousarray(blob.transpose(2, 0, 1)[None])}
        return np.asarray(self._session.run(None, feed)[0][0])


class ClipText:
    """A text tower, one text at a time."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        from tokenizers import Tokenizer

        self._session = session(folder / "textual" / "model.onnx", setting)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        padding = json.loads((folder / "textual" / "tokenizer_config.json").read_text(encoding="utf-8"))["pad_token"]
        name = padding["content"] if isinstance(padding, dict) else padding
        context = (config.get("text_cfg") or {}).get("context_length") or 77
        self._reader = Tokenizer.from_file(str(folder / "textual" / "tokenizer.json"))
        self._reader.enable_truncation(context)
        self._reader.enable_padding(length=context, pad_id=self._reader.token_to_id(name), pad_token=name)

    def __call__(self, text: str) -> Array:
        """The vector of a text."""
        read = self._reader.encode(" ".join(text.split()))
        masks = ("attention_mask",)
        feed = {
            given.name: np.array([read.attention_mask if given.name in masks else read.ids], np.int32)
            for given in self._session.get_inputs()
        }
        return np.asarray(self._session.run(None, feed)[0][0])


class Faces:
    """SCRFD on a square and an ArcFace network, one look and one face at a time as InsightFace does it; or dlib's."""

    def __init__(self, folder: Path | None, setting: Setting) -> None:
        """Load them; None for dlib's."""
        if folder is None:
            from engines.faces import dlib_networks

            points, resnet = (file.verify() for file in (dlib_networks.POINTS, dlib_networks.RESNET))
            self._dlib: Any = dlib_networks.DlibNetworks(points, resnet, setting.workers)
            return
        self._dlib = None
        self._detector = session(folder / "detection" / "model.onnx", setting)
        self._recogniser = session(folder / "recognition" / "model.onnx", setting)

    def __call__(self, data: bytes) -> list[tuple[list[float], float, list[float]]]:
        """Box, score and vector of each face."""
        pixels = picture(data)
        if self._dlib is not None:
            return [(list(face.box), face.score, list(face.values)) for face in self._dlib.find(pixels, LEAST)]
        from engines.faces.align import align

        answers = []
        for box, score, points in self._detect(pixels):
            blob = (align(pixels, points).astype(np.float32) - 127.5) / 127.5
            feed = {self._recogniser.get_inputs()[0].name: np.ascontiguousarray(blob.transpose(2, 0, 1)[None])}
            vector = self._recogniser.run(None, feed)[0].reshape(-1)
            answers.append((box.tolist(), float(score), vector.tolist()))
        return answers

    def _detect(self, pixels: Array) -> Iterator[tuple[Array, Any, Array]]:
        """Box, score and key points of each face."""
        import cv2

        from engines.faces import scrfd

        height, width = pixels.shape[:2]
        scale = scrfd.SIDE / max(height, width)
        ground = np.zeros((scrfd.SIDE, scrfd.SIDE, 3), np.uint8)
        across, down = max(1, int(width * scale)), max(1, int(height * scale))
        ground[:down, :across] = cv2.resize(pixels, (across, down))
        blob = cv2.dnn.blobFromImage(ground, 1 / 128, mean=(127.5, 127.5, 127.5))
        outputs = self._detector.run(None, {self._detector.get_inputs()[0].name: blob})
        found = scrfd.decode(outputs, ground.shape[:2], LEAST)
        yield from zip(found.boxes / scale, found.scores, found.points / scale, strict=True)
