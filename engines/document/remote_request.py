"""What is sent to an OpenAI-compatible server for one page."""

import base64
from dataclasses import replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.document.page import Page
from engines.document.prompts import DocumentModel
from engines.document.types import PageOptions
from engines.errors import InferenceFailed

# Without chroma subsampling, so that coloured type stays as sharp as black.
JPEG_QUALITY: Final = 95


def build(model: DocumentModel, name: str, own_prompt: str, page: Page, options: PageOptions) -> dict[str, Any]:
    """Arguments of `chat.completions.create`, but for the temperature.

    Args:
        model: how it is talked to.
        name: how the server calls it.
        own_prompt: in place of that of mode `ocr`, unless the options have one; empty for the model's.
        page: goes as a JPEG, as large as the preset says, never enlarged.
        options: mode, prompt, preset.

    Raises:
        DocumentError: `locate`, and nothing to look for.
    """
    if options.mode == "ocr" and not options.prompt and own_prompt:
        options = replace(options, prompt=own_prompt)
    picture = {"type": "image_url", "image_url": {"url": data_url(page.image.pixels, model.side(options.resolution))}}
    content = [picture, {"type": "text", "text": model.prompt(options)}]
    request: dict[str, Any] = {
        "model": name,
        "messages": [{"role": "user", "content": content}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if model.top_p != 1.0:
        request["top_p"] = model.top_p
    if model.max_tokens is not None:
        request["max_tokens"] = model.max_tokens
    if model.extra:
        request["extra_body"] = dict(model.extra)
    return request


def data_url(pixels: NDArray[np.uint8], side: int) -> str:
    """A picture as a `data:` URL.

    Args:
        pixels: uint8 [height, width, 3], RGB.
        side: longer side that it has at most, pixels.
    """
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    flags = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    flags += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), flags)
    if not done:
        raise InferenceFailed("The page's picture cannot be written as a JPEG.")
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
