"""A thread that has answered takes along what waits, and nothing of that is lost or done twice."""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import orjson
import pytest
import redis

from engines.errors import InferenceFailed
from engines.types import ModelInfo
from tasks import answer, queues, recovery, rounds
from tasks.app import make_app, unacked_keys
from tasks.broker import ATTEMPTS, PREFIX, queue_key
from tasks.envelope import push
from tasks.rounds import Answers, Rounds, Taken
from tasks.transport import SETTLED, TAG_HEADER
from tasks.worker import Worker

REPLIES = "replies"


def asked(number: int, **more: Any) -> dict[str, Any]:
    now = time.time()
    return {"id": f"{number:032x}", "reply_to": REPLIES, "sent_at": now, "deadline": now + 60, **more}


def wait_in(client: "redis.Redis", queue: str, numbers: Sequence[int]) -> None:
    for number in numbers:
        assert (
            push(client, queues.PHOTO, queue, asked(number, text=f"text {number}", model=None, language=None), 99)
            is None
        )


class Handler:
    """Notes which requests came together; what it is told to do happens while it has them."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.seen: list[list[int]] = []
        self.noted: list[set[str]] = []
        self.sent = 0
        self.also: Any = lambda numbers: None

    @contextlib.contextmanager
    def __call__(self, taken: Sequence[Taken]) -> Iterator[Answers]:
        numbers = [int(each.message["id"], 16) for each in taken]
        self.seen.append(numbers)
        self.noted.append(notes(self.worker))
        self.also(numbers)
        yield [{"id": each.message["id"], "report": number} for each, number in zip(taken, numbers, strict=True)]
        self.sent += len(taken)


def notes(worker: Worker) -> set[str]:
    return {tag.decode() for tag in worker.redis.hkeys(PREFIX + unacked_keys(worker.name)[0])}


def answered(worker: Worker) -> list[int]:
    return [orjson.loads(each)["report"] for each in reversed(worker.redis.lrange(REPLIES, 0, -1))]


def serve(worker: Worker, handler: Handler, most: int = 1, queue: str = queues.PHOTO_QUEUE, attempts: int = 1) -> None:
    worker.rounds.serve(queues.PHOTO, queue, Taken(asked(0), attempts), most, handler)


@pytest.fixture
def handler(worker: Worker) -> Handler:
    return Handler(worker)


def test_what_waits_is_taken_along_one_by_one_and_forgotten_when_answered(worker: Worker, handler: Handler) -> None:
    wait_in(worker.redis, queues.PHOTO_QUEUE, [1, 2, 3])
    serve(worker, handler)
    assert handler.seen == [[0], [1], [2], [3]]
    assert answered(worker) == [0, 1, 2, 3]
    assert [len(noted) for noted in handler.noted] == [0, 1, 1, 1]
    assert (notes(worker), worker.redis.hlen(ATTEMPTS), worker.redis.llen(queue_key(queues.PHOTO_QUEUE))) == (
        set(),
        0,
        0,
    )
    assert handler.sent == 4


def test_texts_are_taken_along_together(worker: Worker, handler: Handler) -> None:
    wait_in(worker.redis, queues.TEXT_QUEUE, range(1, 11))
    serve(worker, handler, most=8, queue=queues.TEXT_QUEUE)
    assert handler.seen == [list(range(8)), [8, 9, 10]]
    assert answered(worker) == list(range(11))
    assert notes(worker) == set()


def test_what_a_dead_worker_had_taken_along_goes_back_and_then_travels_alone(worker: Worker, handler: Handler) -> None:
    def die(numbers: list[int]) -> None:
        if 2 in numbers:
            raise SystemExit

    handler.also = die
    wait_in(worker.redis, queues.TEXT_QUEUE, [1, 2, 3])
    with pytest.raises(SystemExit):
        serve(worker, handler, most=3, queue=queues.TEXT_QUEUE)
    assert len(notes(worker)) == 2
    assert recovery.restore_messages(worker.redis, worker.name) == 2
    assert notes(worker) == set()
    assert worker.redis.llen(queue_key(queues.TEXT_QUEUE)) == 3

    handler.also = lambda _: None
    serve(worker, handler, most=3, queue=queues.TEXT_QUEUE)  # takes none: the next one was taken by who died
    assert handler.seen == [[0, 1, 2], [0]]
    with make_app(worker.settings, worker.name).connection_for_read() as connection:
        message = connection.channel().basic_get(queues.TEXT_QUEUE)
        assert message.headers["attempts"] == 2
        message.ack()
    assert worker.redis.hlen(ATTEMPTS) == 1  # of the other one


def test_who_took_a_worker_down_takes_nobody_along(worker: Worker, handler: Handler) -> None:
    wait_in(worker.redis, queues.TEXT_QUEUE, [1, 2])
    serve(worker, handler, most=8, queue=queues.TEXT_QUEUE, attempts=2)
    assert handler.seen == [[0]]
    assert worker.redis.llen(queue_key(queues.TEXT_QUEUE)) == 2


def test_photos_wait_where_somebody_searches(worker: Worker, handler: Handler) -> None:
    wait_in(worker.redis, queues.PHOTO_QUEUE, [1, 2])
    handler.also = lambda numbers: numbers == [1] and wait_in(worker.redis, queues.TEXT_QUEUE, [9])
    serve(worker, handler)
    assert handler.seen == [[0], [1]]
    assert worker.redis.llen(queue_key(queues.PHOTO_QUEUE)) == 1


@pytest.mark.parametrize("why", ["turn", "stopping"])
def test_a_turn_ends(why: str, worker: Worker, handler: Handler) -> None:
    def end(numbers: list[int]) -> None:
        if numbers == [1] and why == "stopping":
            worker.stopping.set()
        if numbers == [1] and why == "turn":
            time.sleep(rounds.TURN_S)

    handler.also = end
    wait_in(worker.redis, queues.PHOTO_QUEUE, [1, 2])
    serve(worker, handler)
    assert handler.seen == [[0], [1]]
    assert worker.redis.llen(queue_key(queues.PHOTO_QUEUE)) == 1


def test_what_is_no_message_is_left_alone(worker: Worker, handler: Handler) -> None:
    worker.redis.lpush(queue_key(queues.PHOTO_QUEUE), "nonsense", "{}")
    serve(worker, handler)
    assert (handler.seen, answered(worker)) == ([[0]], [0])
    assert worker.redis.llen(queue_key(queues.PHOTO_QUEUE)) == 2


def test_without_a_broker_nothing_counts_as_answered(
    worker: Worker, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_in(worker.redis, queues.PHOTO_QUEUE, [1, 2])
    whole = Rounds._step

    def away(this: Rounds, queue: str, done: Sequence[Taken], answers: Answers, most: int) -> list[Taken]:
        if handler.seen == [[0], [1]]:
            raise redis.ConnectionError("gone")
        return whole(this, queue, done, answers, most)

    monkeypatch.setattr(Rounds, "_step", away)
    serve(worker, handler)
    assert (handler.seen, handler.sent, answered(worker)) == ([[0], [1]], 1, [0])
    assert len(notes(worker)) == 1

    worker.rounds.give_back_strays()
    assert notes(worker) == set()
    assert worker.redis.llen(queue_key(queues.PHOTO_QUEUE)) == 2


def test_what_a_thread_has_is_no_stray(worker: Worker, handler: Handler) -> None:
    handler.also = lambda _: worker.rounds.give_back_strays()
    wait_in(worker.redis, queues.PHOTO_QUEUE, [1, 2])
    serve(worker, handler)
    assert handler.seen == [[0], [1], [2]]


def test_what_goes_wrong_after_an_answer_harms_nobody_else(worker: Worker, handler: Handler) -> None:
    @contextlib.contextmanager
    def careless(taken: Sequence[Taken]) -> Iterator[Answers]:
        with handler(taken) as answers:
            yield answers
        raise ZeroDivisionError

    wait_in(worker.redis, queues.PHOTO_QUEUE, [1])
    worker.rounds.serve(queues.PHOTO, queues.PHOTO_QUEUE, Taken(asked(0)), 1, careless)
    assert answered(worker) == [0, 1]


def test_celerys_own_message_is_forgotten_with_its_answer_and_once(worker: Worker, handler: Handler) -> None:
    wait_in(worker.redis, queues.PHOTO_QUEUE, [5])
    with make_app(worker.settings, worker.name).connection_for_read() as connection:
        message = connection.channel().basic_get(queues.PHOTO_QUEUE)
        first = Taken(message.payload[1], message.headers["attempts"], message.headers[TAG_HEADER])
        assert len(notes(worker)) == 1
        worker.rounds.serve(queues.PHOTO, queues.PHOTO_QUEUE, first, 1, handler)
        assert (notes(worker), worker.redis.hlen(ATTEMPTS), SETTLED) == (set(), 0, {first.tag})
        message.ack()
    assert set() == SETTLED


def with_model(worker: Worker, monkeypatch: pytest.MonkeyPatch, vectors: Callable[..., list[dict[str, Any]]]) -> None:
    info = ModelInfo("clip_text", "M", "1", "M", "cpu", "onnxruntime", "f32", loaded=True)
    monkeypatch.setattr(worker.engines, "resolve", lambda *_: info)
    monkeypatch.setattr(worker.inference, "texts", vectors)


def test_a_text_that_cannot_be_read_harms_no_other(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def vectors(texts: list[str], *_: Any) -> list[dict[str, Any]]:
        calls.append(texts)
        if "bad" in texts:
            raise InferenceFailed("no vector")
        return [{"vector": text} for text in texts]

    with_model(worker, monkeypatch, vectors)
    words = ["one", "bad", "two"]
    batch = [Taken(asked(place, text=text, model=None, language=None)) for place, text in enumerate(words)]
    batch.append(Taken(asked(7, text="drei", model=None, language="de")))
    with answer.texts(worker, batch) as answers:
        found = [each.get("report", {}).get("vector") or each["error"]["code"] for each in answers]
    assert found == ["one", "inference_failed", "two", "drei"]
    assert calls == [["one", "bad", "two"], ["one"], ["bad"], ["two"], ["drei"]]


def test_a_late_text_is_told_so_and_the_others_are_answered(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    with_model(worker, monkeypatch, lambda texts, *_: [{"vector": text} for text in texts])
    late = {**asked(1, text="late", model=None, language=None), "deadline": time.time() - 1}
    batch = [Taken(late), Taken(asked(2, text="good", model=None, language=None))]
    wait = partial(answer.texts, worker)
    with wait(batch) as answers:
        assert [each.get("error", {}).get("code") for each in answers] == ["queue_timeout", None]
    assert uuid.UUID(int=2).hex == answers[1]["id"]
