"""A checkpoint gives its tensors, and nothing that a pickle may hold is run."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from engines.concepts.checkpoint import read_checkpoint
from tests.unit.engines.concepts.legacy import Storage, Tensor, checkpoint

VALUES = np.arange(12, dtype="<f4")


class Act:
    """Pickles as a call."""

    def __init__(self, function: object, *args: object) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pth"


def good(**more: object) -> bytes:
    storage = Storage("7", VALUES)
    return checkpoint(OrderedDict(weight=Tensor(storage, 0, (3, 4), (4, 1)), **more), storage)


def test_tensors_come_with_their_names_shapes_and_types(path: Path) -> None:
    floats, counter = Storage("1", VALUES), Storage("2", np.array([5], "<i8"))
    contents = OrderedDict(weight=Tensor(floats, 0, (3, 4), (4, 1)), seen=Tensor(counter, 0, (1,), (1,)))
    path.write_bytes(checkpoint(contents, floats, counter))
    tensors = read_checkpoint(path)
    assert list(tensors) == ["weight", "seen"]
    assert (tensors["weight"] == VALUES.reshape(3, 4)).all()
    assert tensors["weight"].dtype == np.float32
    assert tensors["seen"].dtype == np.int64


def test_transposed_tensors_and_two_views_of_one_storage_are_understood(path: Path) -> None:
    storage = Storage("1", VALUES)
    contents = OrderedDict(turned=Tensor(storage, 0, (4, 3), (1, 4)), tail=Tensor(storage, 8, (4,), (1,)))
    path.write_bytes(checkpoint(contents, storage))
    tensors = read_checkpoint(path)
    assert (tensors["turned"] == VALUES.reshape(3, 4).T).all()
    assert tensors["turned"].flags.c_contiguous
    assert list(tensors["tail"]) == [8, 9, 10, 11]


@pytest.mark.parametrize("function", [os.mkdir, eval, pickle.loads, os.system, Path.touch, getattr])
def test_a_pickle_that_calls_something_is_refused_and_nothing_is_called(
    path: Path, tmp_path: Path, function: object
) -> None:
    trap = tmp_path / "trap"
    path.write_bytes(good(evil=Act(function, str(trap))))
    with pytest.raises(ValueError, match="has no use for"):
        read_checkpoint(path)
    assert not trap.exists()


@pytest.mark.parametrize("place", range(3))
def test_a_call_in_a_pickle_before_the_tensors_is_refused_too(path: Path, tmp_path: Path, place: int) -> None:
    trap = tmp_path / "trap"
    start = [pickle.dumps(part, protocol=2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    start[place] = pickle.dumps(Act(os.mkdir, str(trap)), protocol=2)
    path.write_bytes(b"".join(start))
    with pytest.raises(ValueError, match=r"has no use for \w+\.mkdir"):
        read_checkpoint(path)
    assert not trap.exists()


def test_a_type_of_storage_that_no_weight_here_has_is_refused(path: Path) -> None:
    storage = Storage("1", np.zeros(2, "<i2"))
    path.write_bytes(checkpoint(OrderedDict(short=Tensor(storage, 0, (2,), (1,))), storage))
    with pytest.raises(ValueError, match=r"torch\.ShortStorage"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(1, (3, 4), (4, 1)), (0, (13,), (1,)), (0, (3, 4), (5, 1)), (-1, (2,), (1,)), (4, (2,), (-1,)), (12, (), ())],
)
def test_a_tensor_that_reaches_out_of_its_storage_is_refused(
    path: Path, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    storage = Storage("1", VALUES)
    path.write_bytes(checkpoint(OrderedDict(weight=Tensor(storage, offset, shape, strides)), storage))
    with pytest.raises(ValueError, match="reaches"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle at all",
        b"PK\x03\x04 a zip, as newer checkpoints are",
        good()[:-4],
        good()[:200],
        checkpoint({"weight": 1.0}),
        checkpoint([1, 2]),
        checkpoint({}, magic=42),
        checkpoint({}, little=False),
    ],
)
def test_what_is_no_whole_checkpoint_of_tensors_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is no checkpoint of tensors"):
        read_checkpoint(path)


def test_a_file_that_is_not_there_is_an_operating_system_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_checkpoint(path)
