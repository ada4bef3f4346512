"""The `metadata_props` of an ONNX file, read without any runtime.

Only the outermost message is walked (onnx.proto3, `ModelProto`): the graph, field 7, is skipped by its length, so
a file of any size costs a few reads, and every runtime finds the same dictionary in it.
"""

import io
from pathlib import Path
from typing import IO

_METADATA_PROPS = 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read(path: Path) -> dict[str, str]:
    """Key -> value of the model's metadata.

    Raises:
        ValueError: the file is no ONNX model.
        OSError: it cannot be read.
    """
    found: dict[str, str] = {}
    with path.open("rb") as file:
        while (tag := _varint(file)) is not None:
            number, kind = tag >> 3, tag & 7
            if kind == _BYTES:
                length = _varint(file) or 0
                if number == _METADATA_PROPS:
                    key, value = _entry(file.read(length))
                    found[key] = value
                else:
                    file.seek(length, 1)
            elif kind == _VARINT:
                _varint(file)
            elif kind in (_FIXED32, _FIXED64):
                file.seek(4 if kind == _FIXED32 else 8, 1)
            else:
                raise ValueError(f"{path} is no ONNX model")
    return found


def _varint(file: IO[bytes]) -> int | None:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("a varint of more than ten bytes: this is no ONNX model")


def _entry(message: bytes) -> tuple[str, str]:
    """`StringStringEntryProto`: field 1 is the key, field 2 the value."""
    fields = {1: b"", 2: b""}
    file = io.BytesIO(message)
    while (tag := _varint(file)) is not None:
        fields[tag >> 3] = file.read(_varint(file) or 0)
    return fields[1].decode(), fields[2].decode()
