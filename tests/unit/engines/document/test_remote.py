"""A page comes out whole and once, whatever the server does on the way."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from engines.document import endpoints
from engines.document.errors import DocumentError, EngineDown, PageCancelled
from engines.document.page import Page
from engines.document.remote import MOST_BREAKS, RETRY_TEMPERATURE, RemoteEngine
from engines.document.types import Block, Delta, PageOptions, PageResult
from engines.errors import EngineError, InferenceFailed, ModelUnknown
from engines.images import Image
from engines.settings import EngineSettings
from tests.unit.engines.document.completions import Answer, Server, serving

WORDS = [f"word{number} " for number in range(60)]
TEXT = "".join(WORDS)
CIRCLE = ["and again "] * 400
PAGE = Page(Image(np.full((300, 200, 3), 250, np.uint8), 200, 300, "PNG"), None)
OCR = PageOptions(mode="ocr")


class Fallback:
    """An engine that reads `text`, or raises."""

    name = "classic"

    def __init__(self, text: str = "", error: EngineError | None = None) -> None:
        self._text = text
        self._error = error

    def read(self, page: Page, options: PageOptions, cancelled: Callable[[], bool]) -> Iterator[Delta | PageResult]:
        if self._error is not None:
            raise self._error
        yield Delta(self._text)
        yield PageResult(self._text, blocks=(Block("text", ((0, 0, 1, 1),), self._text),), engine=self.name)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "DEAD_S", (0.05, 0.1))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@contextlib.contextmanager
def engine(*urls: str, fallback: Fallback | None = None, **settings: Any) -> Iterator[RemoteEngine]:
    given = {"llm_base_url": ",".join(urls), "llm_wait_s": 0.5, "llm_idle_timeout_s": 5, **settings}
    made = RemoteEngine(EngineSettings(**given), fallback)
    try:
        yield made
    finally:
        made.close()


def read(reader: RemoteEngine, options: PageOptions = OCR, cancelled: Callable[[], bool] = lambda: False) -> PageResult:
    """The page, whose pieces make up its text."""
    *pieces, result = reader.read(PAGE, options, cancelled)
    assert isinstance(result, PageResult)
    assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == result.markdown
    assert "".join(piece.raw for piece in pieces if isinstance(piece, Delta)) == result.raw
    return result


def until_cancelled(reader: RemoteEngine, cancelled: Callable[[], bool]) -> None:
    with pytest.raises(PageCancelled):
        read(reader, OCR, cancelled)


def dead() -> str:
    with serving() as gone:
        return gone.url


def test_a_page_is_what_the_server_says_with_the_servers_count(server: Server) -> None:
    server.says(Answer(WORDS))
    with engine(server.url) as reader:
        result = read(reader)

    assert (result.markdown, result.engine, result.notes) == (TEXT, "deepseek-ai/DeepSeek-OCR", ())
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (900, 60)


def test_the_request_is_the_one_that_my_ocr_sent(server: Server) -> None:
    server.says(Answer(["a"]))
    with engine(server.url, llm_api_key="secret") as reader:
        read(reader)
    (request,) = server.requests

    assert (request["path"], request["key"]) == ("/v1/chat/completions", "Bearer secret")
    assert (request["temperature"], request["stream_options"]) == (0.0, {"include_usage": True})
    assert request["skip_special_tokens"] is False
    assert request["vllm_xargs"] == {"ngram_size": 30, "window_size": 90, "whitelist_token_ids": [128821, 128822]}
    picture, text = request["messages"][0]["content"]
    assert picture["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert text == {"type": "text", "text": "Free OCR."}


@pytest.mark.parametrize("how", ["{}", " {}/ ", "{}//,", ",{}"])
def test_addresses_may_have_slashes_and_spaces(server: Server, how: str) -> None:
    server.says(Answer(["a"]))
    with engine(how.format(server.url)) as reader:
        assert read(reader).markdown == "a"
    assert server.requests[0]["path"] == "/v1/chat/completions"


def test_no_address_is_an_error_that_names_the_setting() -> None:
    with pytest.raises(EngineDown) as raised:
        RemoteEngine(EngineSettings(llm_base_url=" , "))
    assert "LLM_BASE_URL" in str(raised.value.hint)


def test_a_dead_address_costs_no_page(server: Server) -> None:
    server.says(Answer(WORDS))
    with engine(dead(), server.url) as reader:
        results = [read(reader) for _ in range(4)]

    assert {(result.markdown, result.notes) for result in results} == {(TEXT, ())}


def test_where_nothing_answers_pages_fail_after_the_wait() -> None:
    with engine(dead(), llm_wait_s=0.3) as reader, pytest.raises(EngineDown, match="does not answer"):
        read(reader)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(Answer(WORDS[:25], breaks=True), id="the connection breaks"),
        pytest.param(Answer(WORDS[:25], finish=None), id="the stream ends without an end"),
        pytest.param(Answer(WORDS[:25], finish="abort"), id="the engine gives the page up"),
        pytest.param(
            Answer(WORDS[:25], error={"message": "EngineCore died", "code": 500}), id="an error in the stream"
        ),
        pytest.param(Answer(WORDS[:25], silent=True), id="silence"),
    ],
)
def test_a_page_that_broke_off_is_read_on_by_another_server(server: Server, first: Answer) -> None:
    server.says(first)
    with serving() as other, engine(server.url, other.url, llm_idle_timeout_s=0.5) as reader:
        other.says(Answer(WORDS))
        result = read(reader)

    assert result.markdown == TEXT, "no word twice, none lost"
    assert result.notes == ("The engine broke off; the page was read again.",)


def test_a_page_that_breaks_the_server_each_time_is_given_up(server: Server) -> None:
    server.says(Answer(WORDS[:5], breaks=True))
    with engine(server.url, llm_wait_s=30) as reader, pytest.raises(EngineDown, match="broke off"):
        read(reader)
    assert len(server.requests) == MOST_BREAKS


def test_a_page_that_the_server_fails_on_each_time_is_given_up(server: Server) -> None:
    server.says(Answer(status=500, error={"message": "oh", "code": 500}))
    with engine(server.url, llm_wait_s=30) as reader, pytest.raises(EngineDown, match="broke off"):
        read(reader)
    assert len(server.requests) == MOST_BREAKS


@pytest.mark.parametrize(
    "busy",
    [
        Answer(status=503, error={"message": "queue full", "code": 503}),
        Answer(status=429, error={"message": "too many", "code": 429}),
        Answer(error={"message": "queue full", "code": 503}),
    ],
)
def test_an_overloaded_server_is_asked_again(server: Server, busy: Answer) -> None:
    server.says(busy, busy, Answer(WORDS))
    with engine(server.url) as reader:
        result = read(reader)

    assert (result.markdown, result.notes, len(server.requests)) == (TEXT, (), 3)


def test_an_overloaded_server_rests_though_it_goes_on_with_other_pages(server: Server) -> None:
    """Else every piece of a page in work would send the refused one anew, picture and all."""
    streaming = Answer([*WORDS, *WORDS], pause_s=0.005)
    busy = Answer(status=503, error={"message": "queue full", "code": 503})
    server.answer = lambda number, request: streaming if number == 0 else busy
    with engine(server.url, llm_timeout_s=60) as reader:
        first = reader.read(PAGE, OCR, lambda: False)
        next(first)
        over = threading.Event()
        second = threading.Thread(target=until_cancelled, args=(reader, over.is_set))
        second.start()
        *_, result = first
        over.set()
        second.join(10)

    assert isinstance(result, PageResult)
    assert 2 <= len(server.requests) <= 5


@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [
        (401, DocumentError, "LLM_API_KEY"),
        (404, ModelUnknown, "LLM_MODEL"),
        (400, InferenceFailed, ""),
        (422, InferenceFailed, ""),
    ],
)
def test_what_no_other_server_would_take_fails_at_once(
    server: Server, status: int, error: type[EngineError], hint: str
) -> None:
    server.says(Answer(status=status, error={"message": "no", "code": status}))
    with engine(server.url) as reader, pytest.raises(error) as raised:
        read(reader)
    assert hint in str(raised.value.hint or "")
    assert len(server.requests) == 1


def test_a_refusal_inside_the_stream_is_understood(server: Server) -> None:
    server.says(Answer(error={"message": "vllm_xargs must be numbers", "code": 400}))
    with engine(server.url) as reader, pytest.raises(InferenceFailed, match="must be numbers"):
        read(reader)


def test_a_page_in_circles_is_read_again_at_a_higher_temperature(server: Server) -> None:
    server.says(Answer([*WORDS[:20], *CIRCLE]), Answer(WORDS))
    with engine(server.url) as reader:
        result = read(reader)

    assert [request["temperature"] for request in server.requests] == [0.0, RETRY_TEMPERATURE]
    assert result.markdown.startswith("".join(WORDS[:20]))
    assert result.markdown.endswith("".join(WORDS[20:]))
    assert result.markdown.count("and again") < 8
    assert "at temperature 0.4" in result.notes[0]
    assert result.engine == "deepseek-ai/DeepSeek-OCR"


def test_a_page_in_circles_twice_is_read_on_by_the_fallback(server: Server) -> None:
    server.says(Answer([*WORDS[:20], *CIRCLE]))
    with engine(server.url, fallback=Fallback(TEXT)) as reader:
        result = read(reader)

    assert len(server.requests) == 2
    assert result.markdown.endswith("".join(WORDS[20:]))
    assert result.engine == "classic"
    assert result.notes[-1] == "The classic engine read the page."


def test_a_fallback_that_fails_too_leaves_what_was_read(server: Server) -> None:
    server.says(Answer([*WORDS[:20], *CIRCLE]))
    with engine(server.url, fallback=Fallback(error=InferenceFailed("no model"))) as reader:
        result = read(reader)

    assert result.markdown.startswith("".join(WORDS[:20]))
    assert "could not read it: no model" in result.notes[-1]


def test_an_answer_that_was_cut_off_says_so(server: Server) -> None:
    server.says(Answer(WORDS, finish="length"))
    with engine(server.url) as reader:
        result = read(reader)

    assert result.markdown == TEXT
    assert "limit of tokens" in result.notes[0]


def test_leaving_a_silent_server_closes_the_connection(server: Server) -> None:
    server.says(Answer(WORDS[:3], silent=True))
    started = time.monotonic()
    with engine(server.url, llm_idle_timeout_s=60) as reader:
        with pytest.raises(PageCancelled):
            read(reader, cancelled=server.silent.is_set)
        assert server.left.wait(5)

    assert time.monotonic() - started < 5


def test_a_page_may_be_cancelled_while_no_server_answers() -> None:
    started = time.monotonic()
    over = threading.Timer(0.3, lambda: None)
    over.start()
    with engine(dead(), llm_wait_s=60) as reader, pytest.raises(PageCancelled):
        read(reader, cancelled=over.finished.is_set)

    assert time.monotonic() - started < 5


def test_a_server_that_comes_late_reads_what_waits_for_it() -> None:
    with serving() as late:
        late.says(Answer(status=502, error={"message": "starting"}), Answer(WORDS))
        with engine(dead(), late.url, llm_wait_s=30) as reader:
            assert read(reader).markdown == TEXT


def test_a_page_may_wait_its_turn_while_the_server_reads_others(server: Server) -> None:
    """A server that is heard from is not dead, however long a page waits for its first word."""
    turn = threading.Event()
    busy = Answer(WORDS, pause_s=0.02)
    server.answer = lambda number, request: busy if number == 0 else Answer(["mine"], gate=turn)
    with engine(server.url, llm_idle_timeout_s=0.4) as reader:
        first = reader.read(PAGE, OCR, lambda: False)
        next(first)
        found: list[PageResult] = []
        second = threading.Thread(target=lambda: found.append(read(reader)))
        second.start()
        *_, result = first
        turn.set()
        second.join(10)

    assert isinstance(result, PageResult)
    assert [(each.markdown, each.notes) for each in found] == [("mine", ())]


def test_a_page_takes_no_longer_than_it_may(server: Server) -> None:
    server.says(Answer(WORDS, pause_s=0.1))
    with engine(server.url, llm_timeout_s=0.5) as reader, pytest.raises(InferenceFailed) as raised:
        read(reader)
    assert "LLM_TIMEOUT_S" in str(raised.value.hint)


def test_no_server_gets_more_pages_at_once_than_it_may(server: Server) -> None:
    gate = threading.Event()
    server.says(Answer(["a"], gate=gate))
    with engine(server.url, llm_concurrency=2) as reader:
        threads = [threading.Thread(target=read, args=(reader,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        gate.set()
        for thread in threads:
            thread.join(10)

    assert len(server.requests) == 6
    assert server.most_at_once <= 2
