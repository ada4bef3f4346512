"""A session that gives a lonely call all cores, and one core where other networks are computed.

Threads that share one call wait for each other at every layer: a face detector costs two cores 10 to 20% more processor
time than one. That is well spent for who is alone, and lost where others wait, whatever network they wait for. Both
ways hold the weights of a small network; those of a large one onnxruntime maps (`runtime_packed`), so that they are
there once. OpenVINO shares out its cores itself, and holds a compiled model for each way.
"""

import contextlib
import itertools
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from engines.runtime import Backend, Feed, Session, Tensor, open_session


class ElasticSession:
    """See `Session`.

    Attributes:
        calls: that run at once; on a CPU as many as there are cores.
    """

    def __init__(self, path: Path, backend: Backend, cores: int, most: int) -> None:
        """Load the model, for onnxruntime on a CPU of several cores twice.

        Args:
            path: an ONNX file.
            backend: where and how.
            cores: to compute on.
            most: cores that one call uses well; a GPU is given a call for each so many.

        Raises:
            DeviceMissing: the device cannot be used.
            ModelMissing: the file cannot be loaded.
        """
        side_by_side = max(1, cores // most)
        shares = backend.device.kind == "cpu" and backend.runtime == "onnxruntime" and cores > 1
        self._wide = open_session(path, backend, min(cores, most), 1 if shares else side_by_side)
        self._narrow: Session = open_session(path, backend, 1, cores) if shares else self._wide
        self.inputs: Mapping[str, tuple[int | None, ...]] = self._wide.inputs
        self.outputs = self._wide.outputs
        self.calls = cores if shares else side_by_side
        self._slots = threading.BoundedSemaphore(self.calls)

    def run(self, feeds: Mapping[str, Feed]) -> list[Tensor]:
        """See `Session.run`."""
        with self._slots, computing() as alone:
            return (self._wide if alone else self._narrow).run(feeds)


class CountedSession:
    """A session whose calls are counted among those that run; see `Session`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.inputs, self.outputs = session.inputs, session.outputs

    def run(self, feeds: Mapping[str, Feed]) -> list[Tensor]:
        """See `Session.run`."""
        with computing():
            return self._session.run(feeds)


@contextlib.contextmanager
def computing() -> Iterator[bool]:
    """A network is computed in the block; says whether no other one is in this process."""
    mine = next(_numbers)
    alone = not _running
    _running.add(mine)
    try:
        yield alone
    finally:
        _running.discard(mine)


_numbers = itertools.count()
_running: set[int] = set()
