"""Hands photos to the service: a folder by its path where the service may read it, else as uploads."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.client import Client, Json
from cli.errors import CommandError, ServerRefused, ServerUnreachable
from cli.pictures import LocalFile, batches, find

LONGEST_WAIT_S = 30.0
PATIENCE_S = 300.0
BROKEN_SENDS = 4
NOT_BY_PATH = frozenset({403, 404})
"""Answers to a path that the service may not read or does not have: the bytes must travel."""


@dataclass(frozen=True, slots=True)
class Submitter:
    """Makes jobs of photos.

    Attributes:
        client: of the server.
        tasks: such as `["ocr"]`.
        force: look again at photos whose results are known.
        recursive: folders inside folders too.
        include: patterns; of a folder only what fits one of them.
        exclude: patterns; nothing of a folder that fits one of them.
        say: receives a sentence about what is done differently than asked, and why.
        reject: receives an item, as in a results line, for each file that cannot be uploaded.
        sleep: waits until the service takes more.
    """

    client: Client
    tasks: Sequence[str]
    force: bool = False
    recursive: bool = True
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    say: Callable[[str], None] = field(default=lambda _: None)
    reject: Callable[[Json], None] = field(default=lambda _: None)
    sleep: Callable[[float], None] = time.sleep

    def jobs(self, path: Path) -> Iterator[str]:
        """Ids of the jobs for a file or a folder, each as soon as it is accepted. Raises CommandError."""
        job = self._library(path) if path.is_dir() and self.client.local else None
        if job is not None:
            yield job
            return
        for group in batches(find(path, self.recursive, self.include, self.exclude)):
            yield from self._upload(group)

    def count(self, path: Path) -> dict[str, int]:
        """What a rescan of a folder that the service may read would find. Raises CommandError."""
        counts: dict[str, int] = self.client.post("/api/jobs", json=self._request(path) | {"dry_run": True})["counts"]
        return counts

    def batch(self, lines: bytes) -> str:
        """The id of the job of a batch, given as JSONL. Raises CommandError."""
        headers = {"Content-Type": "application/jsonl"}
        return self._accepted(lambda: self.client.post("/api/jobs", content=lines, headers=headers))

    def _request(self, path: Path) -> Json:
        return {
            "library": str(path.resolve()),
            "tasks": list(self.tasks),
            "recursive": self.recursive,
            "include": list(self.include),
            "exclude": list(self.exclude),
            "force": self.force,
        }

    def _library(self, path: Path) -> str | None:
        """The job of a folder that the service reads by itself; None where it may not."""
        try:
            return self._accepted(lambda: self.client.post("/api/jobs", json=self._request(path)))
        except ServerRefused as error:
            if error.status not in NOT_BY_PATH:
                raise
        self.say(f"The service may not read {path} by itself (LIBRARY_ROOTS), so its photos are uploaded.")
        return None

    def _upload(self, group: Sequence[LocalFile]) -> Iterator[str]:
        """Upload one group; one that is too large for the service is halved until it fits."""
        data = {"tasks": ",".join(self.tasks), "options": '{"force": true}' if self.force else "{}"}
        with contextlib.ExitStack() as stack:
            opened = []
            for file in group:
                try:
                    opened.append((file, stack.enter_context(file.path.open("rb"))))
                except OSError as error:
                    self._rejected(file, "unreadable", error.strerror or str(error))
            if not opened:
                return

            def send() -> Json:
                for _, content in opened:
                    content.seek(0)
                files = [("files", (file.name, content)) for file, content in opened]
                return self.client.post("/api/jobs", data=data, files=files)

            try:
                job = self._accepted(send)
            except ServerRefused as error:
                too_large = error
                if error.status != 413:
                    raise
            else:
                yield job
                return
        sent = [file for file, _ in opened]
        if len(sent) == 1:
            self._rejected(sent[0], too_large.code or "too_large", str(too_large))
            return
        half = len(sent) // 2
        yield from self._upload(sent[:half])
        yield from self._upload(sent[half:])

    def _rejected(self, file: LocalFile, code: str, message: str) -> None:
        error = {"code": code, "message": message}
        item: dict[str, Any] = {"type": "item", "name": file.name, "status": "failed", "results": {}, "error": error}
        self.reject(item)

    def _accepted(self, send: Callable[[], Json]) -> str:
        """The id of the job that `send` makes, waiting while the service is full or restarts."""
        began, pause, broken = time.monotonic(), 0.5, 0
        while True:
            try:
                return str(send()["task_id"])
            except ServerRefused as error:
                if error.status not in (429, 503):
                    raise
                problem: CommandError = error
                wait = error.retry_after_s
            except ServerUnreachable as error:
                broken += 1
                if not error.sent or broken == BROKEN_SENDS:  # nobody is there, or this is what breaks it
                    raise
                problem, wait = error, None
            if time.monotonic() - began > PATIENCE_S:
                raise problem
            self.sleep(min(wait or pause, LONGEST_WAIT_S))
            pause *= 2
