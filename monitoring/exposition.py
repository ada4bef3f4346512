"""What was counted, in Prometheus' text format: of this process, or the sums of all that count together.

Sums are written here and not by prometheus-client, which takes eight times as long: here numbers are added up before
anything is made of their names, and what a name looks like is remembered.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from monitoring import slots

_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class _Series(NamedTuple):
    """What a number in a file is.

    Attributes:
        family: the metric's name.
        text: of the metric.
        name: with `_total`, `_bucket`, `_sum` or `_count`.
        labels: as they are written, without that of a bucket.
        bucket: its upper end as it is written, empty where it is none.
    """

    family: str
    text: str
    name: str
    labels: str
    bucket: str


def text() -> bytes:
    """All metrics of `monitoring.metrics`."""
    folder = slots.folder()
    if folder is None:
        return generate_latest(REGISTRY)
    gauges = CollectorRegistry()
    gauges.register(_Gauges(folder))
    return "".join((*_counters(folder), *_histograms(folder))).encode() + generate_latest(gauges)


class _Gauges:
    """There are few of them, and each is put together in its own way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        files = [str(file) for file in self._folder.glob("gauge_*.db")]
        found: Iterable[Metric] = MultiProcessCollector.merge(files)
        return found


def _counters(folder: Path) -> Iterator[str]:
    families: dict[str, list[str]] = {}
    for series, value in _sums(folder, "counter"):
        lines = families.setdefault(series.name, [_head(series.name, series.text, "counter")])
        lines.append(f"{series.name}{_braced(series.labels)} {value!r}\n")
    for lines in families.values():
        yield from lines


def _histograms(folder: Path) -> Iterator[str]:
    families: dict[tuple[str, str], dict[str, _Histogram]] = defaultdict(lambda: defaultdict(_Histogram))
    for series, value in _sums(folder, "histogram"):
        histogram = families[series.family, series.text][series.labels]
        if series.bucket:
            histogram.buckets.append((float(series.bucket), series.bucket, value))
        else:
            histogram.sum += value
    for (name, told), histograms in families.items():
        yield _head(name, told, "histogram")
        for labels, histogram in histograms.items():
            yield from histogram.lines(name, labels)


@dataclass(slots=True)
class _Histogram:
    """One histogram's numbers: buckets as (upper end, the same as it is written, what fell into this one alone)."""

    buckets: list[tuple[float, str, float]] = field(default_factory=list)
    sum: float = 0.0

    def lines(self, name: str, labels: str) -> Iterator[str]:
        """As Prometheus wants it: each bucket has all that is smaller, too."""
        before, count = f"{labels}," if labels else "", 0.0
        for _, end, fell in sorted(self.buckets):
            count += fell
            yield f'{name}_bucket{{{before}le="{end}"}} {count!r}\n'
        yield f"{name}_count{_braced(labels)} {count!r}\n"
        yield f"{name}_sum{_braced(labels)} {self.sum!r}\n"


def _sums(folder: Path, kind: str) -> Iterator[tuple[_Series, float]]:
    sums: dict[str, float] = defaultdict(float)
    for file in folder.glob(f"{kind}_*.db"):
        for key, value, _, _ in MmapedDict.read_all_values_from_file(file):  # type: ignore[no-untyped-call]
            sums[key] += value
    for key, value in sums.items():
        yield _series(key), value


@cache
def _series(key: str) -> _Series:
    """From what prometheus-client writes before each number."""
    family, name, labels, told = json.loads(key)
    bucket = labels.pop("le", "")
    written = ",".join(f'{label}="{value.translate(_ESCAPES)}"' for label, value in sorted(labels.items()))
    return _Series(family, told, name, written, bucket)


def _braced(labels: str) -> str:
    return f"{{{labels}}}" if labels else ""


def _head(name: str, told: str, kind: str) -> str:
    escaped = told.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {escaped}\n# TYPE {name} {kind}\n"
