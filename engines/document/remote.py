"""Pages read by a vision language model behind an OpenAI-compatible server, such as vLLM.

What a client sees when something happens on the way: text that was shown stays, and whatever reads the page again goes
on from its last good words (`remote_splice`), so that the joined deltas always are the page's Markdown.

- The model goes round in circles: the circle is held back while it forms, and dropped. The page is read once more at
  a higher temperature, and if that goes in circles too, by the fallback engine.
- An endpoint breaks off, falls silent or is overloaded: another one, or the same one later, reads the page again.

The notes of the result say which of this happened.
"""

import hashlib
import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from engines.document import prompts
from engines.document.endpoints import Endpoint, EndpointBroken, EndpointBusy, Endpoints
from engines.document.errors import EngineDown, PageCancelled
from engines.document.page import Page
from engines.document.remote_clients import Clients
from engines.document.remote_request import build
from engines.document.remote_splice import Continuation
from engines.document.remote_stream import Completion
from engines.document.remote_transcript import Transcript
from engines.document.repetition import Repetition
from engines.document.types import Delta, PageOptions, PageResult, Usage
from engines.errors import EngineError
from engines.settings import EngineSettings
from monitoring import metrics

# Raised by hand whenever the same page could come out otherwise.
VERSION: Final = "1"
RETRY_TEMPERATURE: Final = 0.4
# A page that breaks the server each time must not do so for ever.
MOST_BREAKS: Final = 3


class Fallback(Protocol):
    """What reads pages that the model cannot; `ClassicEngine` does."""

    @property
    def name(self) -> str: ...

    def read(self, page: Page, options: PageOptions, cancelled: Callable[[], bool]) -> Iterator[Delta | PageResult]: ...


class _Looped(Exception):
    """The model goes round in circles."""


@dataclass(slots=True)
class _Reading:
    """One page on its way.

    Attributes:
        request: as `remote_request.build` made it.
        deadline: `time.monotonic()` at which it has taken too long.
        breaks: how often an endpoint broke off in its middle.
    """

    request: dict[str, Any]
    transcript: Transcript
    cancelled: Callable[[], bool]
    deadline: float
    completions: list[Completion] = field(default_factory=list)
    breaks: int = 0

    @property
    def usage(self) -> Usage:
        """Of all attempts. All had the same prompt, and those that were stopped did not come to count it."""
        begun = [each for each in self.completions if each.completion_tokens]
        return Usage(
            prompt_tokens=len(begun) * max((each.prompt_tokens for each in begun), default=0),
            completion_tokens=sum(each.completion_tokens for each in begun),
            prompt_chars=len(self.request["messages"][0]["content"][1]["text"]),
        )


class RemoteEngine:
    """Reads pages; thread safe.

    Attributes:
        name: of the model.
        revision: changes whenever the same page could come out otherwise, but for the fallback's own changes.
        side: longer side of the picture that it wants of a PDF's page, pixels.
    """

    def __init__(self, settings: EngineSettings, fallback: Fallback | None = None) -> None:
        """Take settings, and what reads the pages that the model cannot; nothing is asked of the server yet.

        Raises:
            EngineDown: `LLM_BASE_URL` is empty.
        """
        urls = settings.llm_urls
        if not urls:
            raise EngineDown("No document engine is configured.", "Set LLM_BASE_URL, such as http://127.0.0.1:8000/v1.")
        self.name = settings.llm_model
        self.model = prompts.find(settings.llm_model)
        self.side = self.model.largest_side
        asked = [dict(self.model.prompts), self.model.prefix, self.model.temperature, dict(self.model.extra)]
        known = json.dumps([VERSION, self.name, settings.llm_prompt, *asked], sort_keys=True)
        self.revision = hashlib.sha256(known.encode()).hexdigest()[:12]
        self._endpoints = Endpoints(urls, settings.llm_concurrency, settings.llm_wait_s)
        self._clients = Clients(settings.llm_api_key)
        self._settings = settings
        self._fallback = fallback

    def read(self, page: Page, options: PageOptions, cancelled: Callable[[], bool]) -> Iterator[Delta | PageResult]:
        """Read a page while the model writes.

        Args:
            page: its picture.
            options: mode, prompt and preset as `prompts` has them for the model.
            cancelled: asked at every piece, and often while the server is silent; the connection is closed at once.

        Yields:
            Pieces, and at the end the result, its notes saying what happened on the way.

        Raises:
            PageCancelled: `cancelled` came true.
            DocumentError: `locate` without a prompt, or the server refuses our key.
            EngineDown: no endpoint answers, all stay overloaded, or this page breaks them.
            ModelUnknown: the server does not serve the model.
            InferenceFailed: the server refuses the page, or took too long for it.
        """
        request = build(self.model, self.name, self._settings.llm_prompt, page, options)
        transcript = Transcript(self.model.parser(options, page.image.width, page.image.height))
        reading = _Reading(request, transcript, cancelled, time.monotonic() + self._settings.llm_timeout_s)
        engine = self.name
        try:
            yield from self._read_twice(reading)
            yield from transcript.finish()
        except _Looped:
            yield from transcript.finish()
            engine = yield from self._fall_back(reading, page, options)
        yield transcript.result(reading.usage, engine)

    def close(self) -> None:
        """Close all connections."""
        self._clients.close()

    def _read_twice(self, reading: _Reading) -> Iterator[Delta]:
        """The page, at a higher temperature if the first reading goes in circles. Raises _Looped."""
        notes = reading.transcript.notes
        try:
            yield from self._attempt(reading, self.model.temperature)
        except _Looped:
            metrics.DOCUMENT_RETRIES.labels("repeated").inc()
            higher = max(self.model.temperature, RETRY_TEMPERATURE)
            notes.append(f"The model repeated itself and was stopped; it read the page again at temperature {higher}.")
        else:
            return
        try:
            yield from self._attempt(reading, higher)
        except _Looped:
            notes.append("It repeated itself again and was stopped.")
            raise

    def _attempt(self, reading: _Reading, temperature: float) -> Iterator[Delta]:
        """One reading, on as many endpoints as it takes."""
        while True:
            try:
                with self._endpoints.lease(reading.cancelled, reading.deadline) as endpoint:
                    yield from self._stream(reading, endpoint, temperature)
                return
            except EndpointBusy:
                metrics.DOCUMENT_RETRIES.labels("busy").inc()
            except EndpointBroken as error:
                metrics.DOCUMENT_RETRIES.labels("broken").inc()
                if not error.begun:
                    continue
                reading.breaks += 1
                if reading.breaks >= MOST_BREAKS:
                    message = f"The document engine broke off {MOST_BREAKS} times on this page."
                    raise EngineDown(message, "Its log may say why.") from error
                reading.transcript.notes.append("The engine broke off; the page was read again.")

    def _stream(self, reading: _Reading, endpoint: Endpoint, temperature: float) -> Iterator[Delta]:
        transcript = reading.transcript
        repetition, continuation, begun = Repetition(), Continuation(transcript.raw), False
        completion = self._clients.complete(endpoint.url, {**reading.request, "temperature": temperature})
        reading.completions.append(completion)
        pieces = completion.pieces(
            reading.cancelled, self._settings.llm_idle_timeout_s, reading.deadline, lambda: endpoint.heard
        )
        with closing(pieces):
            for piece in pieces:
                endpoint.heard = time.monotonic()
                if not begun:
                    begun = True
                    self._endpoints.answers(endpoint)
                yield from transcript.add(continuation.feed(repetition.feed(piece)))
                if repetition.looping:
                    raise _Looped
        rest = repetition.finish(completion.cut)
        if repetition.looping:
            raise _Looped
        yield from transcript.add(continuation.feed(rest) + continuation.finish())
        if completion.cut:
            transcript.notes.append("The model came to its limit of tokens; the end of the page may be missing.")
        if not continuation.fits:
            transcript.notes.append("What was read again did not fit what was there; text may stand twice.")

    def _fall_back(self, reading: _Reading, page: Page, options: PageOptions) -> Generator[Delta, None, str]:
        """The rest of a page that the model cannot read; which engine the text is from."""
        notes = reading.transcript.notes
        if self._fallback is None:
            notes.append("The end of the page may be missing.")
            return self.name
        metrics.DOCUMENT_RETRIES.labels("fallback").inc()
        try:
            *_, result = self._fallback.read(page, options, reading.cancelled)
        except PageCancelled:
            raise
        except EngineError as error:
            notes.append(
                f"The {self._fallback.name} engine could not read it: {error} The end of the page may be missing."
            )
            return self.name
        if isinstance(result, PageResult):
            notes.extend((f"The {self._fallback.name} engine read the page.", *result.notes))
            yield from reading.transcript.go_on(result)
        return self._fallback.name
