"""How the reference server is set up, and which settings are worth trying."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """What its users can tune.

    Attributes:
        intra: threads of one call of a model; 0 leaves them to onnxruntime.
        workers: requests of a kind that run at once.
        batch: lines that its text recogniser reads in one call.
    """

    intra: int = 0
    workers: int = 1
    batch: int = 6

    def __str__(self) -> str:
        return f"{self.intra or 'default'} intra-op, {self.workers} workers, batch {self.batch}"


def candidates(subject: str, most: int) -> list[Setting]:
    """The usual ones first: all cores for one request, or one core for each of several."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if subject == "ocr":
        found = [Setting(1, cores, 1), Setting(1, cores, 6), Setting(cores, 1, 6), Setting(cores, 2, 1)]
    else:
        found = [Setting(1, cores), Setting(cores, 1), Setting(cores, 2), Setting(1, 2 * cores)]
    return list(dict.fromkeys(found))[:most]
