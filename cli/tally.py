"""Counts what the frames of jobs say."""

import time
from dataclasses import dataclass, field
from typing import Any

FOUND = ("new", "changed", "unchanged", "deleted")


@dataclass(slots=True)
class Tally:
    """Done, failed and expected photos of one or several jobs.

    Attributes:
        expected: how many photos there are, where that is known beforehand.
        began: monotonic seconds.
        warnings: (name, reason) of what could not be listed.
    """

    expected: int | None = None
    done: int = 0
    cached: int = 0
    began: float = field(default_factory=time.monotonic)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    _failures: dict[tuple[str, Any], tuple[str, str]] = field(default_factory=dict)
    _totals: dict[str, int] = field(default_factory=dict)
    _found: dict[str, dict[str, int]] = field(default_factory=dict)
    _troubles: list[str] = field(default_factory=list)

    def take(self, frame: dict[str, Any]) -> None:
        """Count one frame, or one item that never got as far as the service."""
        job, kind = str(frame.get("task_id", "")), frame.get("type")
        if kind == "item":
            self._item(job, frame)
        elif kind == "warning":
            self.warnings.append((str(frame.get("name")), str(frame.get("message"))))
        elif kind in ("progress", "end") and "total" in frame.get("counts", {}):
            self._totals[job] = frame["counts"]["total"]
            self._found[job] = {name: frame["counts"][name] for name in FOUND if name in frame["counts"]}
            if frame.get("state") == "cancelled":
                self._troubles.append(f"Job {job} was cancelled.")
        elif kind == "error":
            self._troubles.append(f"Job {job} could not run: {frame.get('message')}")

    def _item(self, job: str, frame: dict[str, Any]) -> None:
        key = (job, frame.get("item_id", frame["name"]))
        if frame["status"] == "failed":
            error = frame.get("error") or {}
            self._failures[key] = (
                frame["name"],
                str(error.get("message") or error.get("code") or "no reason given"),
            )
            return
        self._failures.pop(key, None)  # it failed in a run before this one
        self.done += 1
        results = frame.get("results") or {}
        self.cached += bool(results) and set(results) <= set(frame.get("cached") or ())

    @property
    def total(self) -> int | None:
        """All photos, as far as known."""
        return self.expected if self.expected is not None else sum(self._totals.values()) or None

    @property
    def found(self) -> dict[str, int]:
        """What rescans found: new, changed, unchanged, deleted; empty where there was none."""
        counts = [each for each in self._found.values() if each]
        return {name: sum(each[name] for each in counts) for name in FOUND} if counts else {}

    @property
    def failed(self) -> int:
        return len(self._failures)

    @property
    def failures(self) -> list[tuple[str, str]]:
        """(name, reason) of every photo that failed."""
        return list(self._failures.values())

    @property
    def troubles(self) -> list[str]:
        """Jobs that did not run to their end, a sentence each."""
        return self._troubles

    @property
    def finished(self) -> int:
        return self.done + self.failed

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began
