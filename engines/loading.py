"""What every engine is made of: a recipe, found cheaply, and a handle that loads by it and can be unloaded any time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from engines import memory
from engines.types import ModelInfo
from monitoring import metrics, tracing


class Networks(Protocol):
    """Loaded networks; every method may be called by several threads at once."""

    def close(self) -> None:
        """Give back threads and the like; no call is in flight."""
        ...


N = TypeVar("N", bound=Networks)


class Engine(Generic[N]):
    """A model's handle; thread safe.

    Attributes:
        last_used: `time.monotonic()` of the end of the last call.
    """

    def __init__(self, info: ModelInfo, load: Callable[[], N]) -> None:
        """Take the model's description and what loads it; nothing is loaded yet."""
        self._info = info
        self._load = load
        self._networks: N | None = None
        self._in_flight = 0
        self._draining = False
        self._changed = threading.Condition()
        self.last_used = time.monotonic()

    @property
    def info(self) -> ModelInfo:
        """Which model this is, and whether it is loaded now."""
        return replace(self._info, loaded=self._networks is not None)

    @property
    def busy(self) -> bool:
        """Whether a call is in flight."""
        return self._in_flight > 0

    def load(self) -> None:
        """Load the networks now, if they are not.

        Raises:
            ModelError: the weights are missing or wrong.
            DeviceMissing: the device cannot be used.
        """
        with self._in_use():
            pass

    def unload(self) -> None:
        """Free the networks: calls in flight finish first, calls that come meanwhile load them again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._draining)
            self._draining = True
            self._changed.wait_for(lambda: self._in_flight == 0)
            networks, self._networks = self._networks, None
            if networks is not None:
                networks.close()
            del networks
            memory.release()
            self._draining = False
            self._changed.notify_all()

    @contextmanager
    def _in_use(self) -> Iterator[N]:
        with self._changed:
            self._changed.wait_for(lambda: not self._draining)
            if self._networks is None:
                started, info = time.perf_counter(), self._info
                with tracing.span("load", {"darkroom.model": info.name}):
                    self._networks = self._load()
                loads = metrics.MODEL_LOAD.labels(info.capability, info.name, info.device)
                loads.observe(time.perf_counter() - started)
            networks = self._networks
            self._in_flight += 1
        try:
            yield networks
        finally:
            with self._changed:
                self._in_flight -= 1
                self.last_used = time.monotonic()
                self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Recipe:
    """What would answer for a model's name; found without loading anything.

    Attributes:
        name: of the model that would run.
        digest: changes with its weights and with how its pictures are prepared.
        engine: makes the handle; `load` in it is called when the model is first used.
        dimensions: length of its vectors, where it makes some and the length is known without loading.
    """

    name: str
    digest: str
    engine: Callable[[ModelInfo], Engine[Any]]
    dimensions: int | None = None
