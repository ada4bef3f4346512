"""Tensors out of a PyTorch checkpoint, without PyTorch and without running what a pickle may hold.

A checkpoint of `torch.save` before PyTorch 1.6 is four pickles in a row: a magic number, a protocol version, the
writer's integer sizes, and the dictionary, whose tensors point at storages by a key; then a fifth with the keys in
the order in which the storages follow, each a count of elements and its little-endian numbers (torch
`serialization.py`, `_legacy_save`). A pickle is a program: here it can reach the four names that such a dictionary
needs, and they are our own stand-ins.
"""

import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float32] | NDArray[np.int64]

_MAGIC: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL: Final = 1001


@dataclass(frozen=True, slots=True)
class _StorageType:
    dtype: str

    def __call__(self) -> None:
        raise pickle.UnpicklingError("a checkpoint makes no storage by itself")


@dataclass(frozen=True, slots=True)
class _View:
    """Where a tensor lies: elements from `offset` on in a storage, with a stride for each side of its shape."""

    key: str
    dtype: str
    elements: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild(storage: tuple[str, str, int], offset: int, shape: Any, strides: Any, *_: object) -> _View:
    key, dtype, elements = storage
    return _View(key, dtype, elements, offset, tuple(shape), tuple(strides))


_ALLOWED: Final[dict[tuple[str, str], Callable[..., Any]]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    ("torch", "FloatStorage"): _StorageType("<f4"),
    ("torch", "LongStorage"): _StorageType("<i8"),
}


class _Unpickler(pickle.Unpickler):
    """Knows the names of `_ALLOWED` and no other."""

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"a checkpoint has no use for {module}.{name}") from None

    def persistent_load(self, pid: Any) -> tuple[str, str, int]:
        kind, storage, key, _device, elements, view = pid
        if kind != "storage" or not isinstance(storage, _StorageType) or view is not None:
            raise pickle.UnpicklingError(f"a checkpoint has no use for {pid!r:.80}")
        return str(key), storage.dtype, int(elements)


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, float32 and int64, contiguous.

    Raises:
        ValueError: the file is no such checkpoint, or holds anything but tensors.
        OSError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError:
        raise
    except Exception as error:  # a pickle is a program, and may fail with anything
        raise ValueError(f"{path} is no checkpoint of tensors: {error}") from error


def _read(file: IO[bytes]) -> dict[str, Tensor]:
    if _unpickle(file) != _MAGIC or _unpickle(file) != _PROTOCOL:
        raise ValueError("it does not start as one")
    if not _unpickle(file)["little_endian"]:
        raise ValueError("it was written on a big-endian machine")
    views = _unpickle(file)
    wanted = {view.key: view for view in views.values()}
    storages: dict[str, Tensor] = {}
    for key in _unpickle(file):
        count = int.from_bytes(file.read(8), "little")
        view = wanted[key]
        if count != view.elements:
            raise ValueError(f"storage {key} has {count} elements instead of {view.elements}")
        dtype = np.dtype(view.dtype)
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype, count)
    return {str(name): _tensor(storages[view.key], view) for name, view in views.items()}


def _unpickle(file: IO[bytes]) -> Any:
    return _Unpickler(file).load()


def _tensor(storage: Tensor, view: _View) -> Tensor:
    reach = view.offset + sum((side - 1) * stride for side, stride in zip(view.shape, view.strides, strict=True))
    if min(view.offset, *view.shape, *view.strides, 0) < 0 or reach >= storage.size:
        raise ValueError(f"a tensor reaches over the end of storage {view.key}")
    strides = [stride * storage.itemsize for stride in view.strides]
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(storage[view.offset :], view.shape, strides))
