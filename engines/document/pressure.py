"""How many pages may be in flight while GPU memory is short: half as many above a mark, one more below another."""

import contextlib
import importlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from engines.settings import EngineSettings

LOOK_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One GPU.

    Attributes:
        used: bytes of its memory, by all programs.
        total: bytes of its memory.
        busy: share of the time in which it computed, 0 to 1; None where it does not tell.
    """

    device: str
    used: int
    total: int
    busy: float | None = None

    @property
    def share(self) -> float:
        """What of it is in use, 0 to 1."""
        return self.used / self.total if self.total else 0.0


Readings = Callable[[], list[Reading]]


class Pressure:
    """The rule over some GPUs; thread safe. Without readings it limits nothing."""

    def __init__(
        self,
        readings: Readings,
        most: int,
        high: float,
        low: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the rule.

        Args:
            readings: asked once in `LOOK_EVERY_S` at most; the fullest GPU counts.
            most: pages in flight where memory is not short.
            high: share of memory in use above which the number is halved, once a look.
            low: share below which it recovers by one, once a look.
            clock: seconds.
        """
        self._readings, self._most, self._high, self._low, self._clock = readings, most, high, low, clock
        self._lock = threading.Lock()
        self._allowed = most
        self._looked_at = float("-inf")

    def allowed(self) -> int:
        """Pages that may be in flight now, at least one."""
        with self._lock:
            if self._clock() - self._looked_at >= LOOK_EVERY_S:
                self._looked_at = self._clock()
                self._adapt(max((reading.share for reading in self._readings()), default=0.0))
            return self._allowed

    def _adapt(self, share: float) -> None:
        if share > self._high:
            self._allowed = max(1, self._allowed // 2)
        elif share < self._low:
            self._allowed = min(self._most, self._allowed + 1)


def over(settings: EngineSettings, most: int) -> Callable[[], int]:
    """The rule of this machine's GPUs, as it is configured: pages that may be in flight now."""
    return Pressure(read_gpus, most, settings.gpu_memory_high, settings.gpu_memory_low).allowed


def read_gpus() -> list[Reading]:
    """NVIDIA's GPUs by NVML; empty where there is no such GPU, or the package nvidia-ml-py is not here."""
    try:
        pynvml: Any = importlib.import_module("pynvml")
    except ImportError:
        return []
    readings: list[Reading] = []
    with contextlib.suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        try:
            for number in range(pynvml.nvmlDeviceGetCount()):
                gpu = pynvml.nvmlDeviceGetHandleByIndex(number)
                memory, busy = pynvml.nvmlDeviceGetMemoryInfo(gpu), None
                with contextlib.suppress(pynvml.NVMLError):  # not all cards tell it
                    busy = pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu / 100
                readings.append(Reading(f"cuda:{number}", int(memory.used), int(memory.total), busy))
        finally:
            pynvml.nvmlShutdown()
    return readings
