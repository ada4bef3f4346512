"""Checkpoints as PyTorch wrote them before 1.6, made here without it (torch `serialization.py`, `_legacy_save`)."""

import io
import pickle
import sys
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
TYPES = {"<f4": "FloatStorage", "<i8": "LongStorage", "<i2": "ShortStorage"}


class Storage:
    """Numbers that tensors look at."""

    def __init__(self, key: str, values: np.ndarray) -> None:
        self.key = key
        self.values = values


class Tensor:
    """A view of a storage; it pickles as PyTorch's do."""

    def __init__(self, storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.args = (storage, offset, shape, strides, False, OrderedDict())

    def __reduce__(self) -> tuple[Any, ...]:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.args


class _Pickler(pickle.Pickler):
    def persistent_id(self, thing: object) -> object:
        if not isinstance(thing, Storage):
            return None
        kind = getattr(sys.modules["torch"], TYPES[thing.values.dtype.str])
        return "storage", kind, thing.key, "cpu", thing.values.size, None


def checkpoint(contents: object, *storages: Storage, magic: int = MAGIC, little: bool = True) -> bytes:
    """The file of some named contents and the storages in it."""
    file = io.BytesIO()
    pickle.dump(magic, file, protocol=2)
    pickle.dump(1001, file, protocol=2)
    pickle.dump({"protocol_version": 1001, "little_endian": little, "type_sizes": {}}, file, protocol=2)
    with _torch():
        _Pickler(file, protocol=2).dump(contents)
    pickle.dump([storage.key for storage in storages], file, protocol=2)
    for storage in storages:
        file.write(storage.values.size.to_bytes(8, "little") + storage.values.tobytes())
    return file.getvalue()


@contextmanager
def _torch() -> Iterator[None]:
    """Modules with PyTorch's names, so that a pickle can refer to them."""
    torch, inner = ModuleType("torch"), ModuleType("torch._utils")

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    inner._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    for name in TYPES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules.update({"torch": torch, "torch._utils": inner})
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name) if module is None else sys.modules.update({name: module})
