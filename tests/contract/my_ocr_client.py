"""The reading rules of My OCR's web client, written down again: what it makes of a stream of frames."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    """What a person sees.

    Attributes:
        text: of a picture, or of a stream without pages.
        pages: of a PDF.
        usage: of the last frame that had one at its top.
    """

    text: str = ""
    pages: dict[int, str] = field(default_factory=dict)
    usage: dict[str, Any] | None = None


def read(lines: Iterable[str]) -> Seen:
    """Blank lines and unknown types are skipped; any frame with a number `page` and a string `delta` is that page's,
    and the string under `delta`, `content` or `text` of any other frame is added to the text."""
    seen = Seen()
    for line in lines:
        if not line.strip():
            continue
        frame = json.loads(line)
        page, delta = frame.get("page"), frame.get("delta")
        if isinstance(page, int) and isinstance(delta, str):
            seen.pages[page] = seen.pages.get(page, "") + delta
            continue
        for name in ("delta", "content", "text"):
            if isinstance(frame.get(name), str):
                seen.text += frame[name]
                break
        if frame.get("type") == "end":
            seen.usage = frame.get("usage")
    return seen
