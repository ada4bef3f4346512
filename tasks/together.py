"""Requests that came together: what a network computes at once for several of them is computed in one call."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from monitoring import metrics
from tasks import photo
from tasks.analyses import TEXT, Wanted
from tasks.rounds import Batch, Taken

if TYPE_CHECKING:
    from tasks.worker import Worker


class Texts:
    """Texts of requests. Those of one model are computed when the first of them is asked for."""

    def __init__(self, worker: "Worker", messages: Sequence[dict[str, Any]]) -> None:
        self._worker = worker
        self._alike: dict[Any, list[dict[str, Any]]] = {}
        for message in messages:
            self._alike.setdefault((message["model"], message["language"]), []).append(message)
        self._found: dict[str, dict[str, Any]] = {}

    def vector(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to one of them. Raises EngineError."""
        if message["id"] not in self._found:
            alike = self._alike.pop((message["model"], message["language"]), [message])
            try:
                self._compute(alike)
            except Exception:
                if len(alike) == 1:
                    raise
                self._compute([message])  # one of the others may be to blame
        return self._found[message["id"]]

    def _compute(self, messages: Sequence[dict[str, Any]]) -> None:
        model, language = messages[0]["model"], messages[0]["language"]
        started = time.perf_counter()
        info = self._worker.engines.resolve(TEXT, model)
        bodies = self._worker.inference.texts([message["text"] for message in messages], model, language)
        spent_s = time.perf_counter() - started
        for message, body in zip(messages, bodies, strict=True):
            metrics.RUN_SECONDS.labels(TEXT, info.name, info.device).observe(spent_s)
            self._found[message["id"]] = {**body, "model": info.name}


class Photos:
    """Photos of requests. All of them are decoded when the first is asked for, and what is alike in them computed."""

    def __init__(self, worker: "Worker", batch: Batch, began: float) -> None:
        """Take the photos, and seconds since 1970: who waits no longer then is not looked at."""
        self._worker = worker
        self._batch = batch
        self._began = began
        self._looks: dict[str, photo.Look | Exception] = {}

    def report(self, message: dict[str, Any]) -> photo.PhotoReport:
        """The answer to one of them. Raises EngineError, TaskError, OSError."""
        if not self._looks:
            self._begin_all()
        look = self._looks[message["id"]]
        if isinstance(look, Exception):
            raise look
        return photo.finish(self._worker.inference, look)

    def _begin_all(self) -> None:
        fresh: Sequence[Taken] = self._batch
        while fresh:
            for each in fresh:
                if self._began <= each.message["deadline"]:
                    self._looks[each.message["id"]] = self._begin(each.message)
            fresh = self._batch.grow()
        looks = [look for look in self._looks.values() if isinstance(look, photo.Look)]
        photo.embed_together(self._worker.inference, looks)

    def _begin(self, message: dict[str, Any]) -> photo.Look | Exception:
        try:
            return photo.begin(
                self._worker.inference,
                self._worker.engine_settings,
                self._worker.store,
                self._worker.spool.get(message["blob"]),
                [Wanted(*task) for task in message["tasks"]],
                sha256=message["sha256"],
                use_cache=message["cache"],
            )
        except Exception as error:  # noqa: BLE001 - is raised when this one is asked for
            return error
