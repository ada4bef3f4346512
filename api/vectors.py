"""Vectors as they are kept (base64 of little-endian float32) and as protocols want them."""

import base64
import math
import struct


def numbers(vector: str) -> list[float]:
    """The numbers of a vector, each the exact value of its float32."""
    raw = base64.b64decode(vector)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


def short(number: float) -> float:
    """A float32's value with as many digits as tell it from its neighbours, so that JSON stays small."""
    if not math.isfinite(number):
        return 0.0
    return float(f"{number:.9g}")


def text(vector: str) -> str:
    """A vector as JSON inside a string: `[0.1,...]`."""
    return "[" + ",".join(repr(short(number)) for number in numbers(vector)) + "]"
