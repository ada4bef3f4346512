"""A thread that has answered takes along what waits, and nothing of that is lost or done twice."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pytest
import redis

from tasks import queues, recovery, rounds
from tasks.app import make_app, unacked_keys
from tasks.broker import ATTEMPTS, PREFIX, queue_key
from tasks.envelope import push
from tasks.rounds import Answers, Batch, Lot, Rounds, Taken
from tasks.transport import SETTLED, TAG_HEADER
from tasks.worker import Worker

REPLIES = "replies"


def asked(number: int, **more: Any) -> dict[str, Any]:
    now = time.time()
    return {"id": f"{number:032x}", "reply_to": REPLIES, "sent_at": now, "deadline": now + 60, **more}


def wait_in(client: "redis.Redis", queue: str, numbers: Sequence[int], alike: str = "same") -> None:
    for number in numbers:
        message = asked(number, text=f"text {number}", model=None, language=None)
        assert push(client, queues.PHOTO, queue, message, 99, alike) is None


class Handler:
    """Notes which requests came together; what it is told to do happens while it has them."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.seen: list[list[int]] = []
        self.noted: list[set[str]] = []
        self.sent = 0
        self.also: Any = lambda numbers: None

    @contextlib.contextmanager
    def __call__(self, taken: Batch) -> Iterator[Answers]:
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


def serve(
    worker: Worker,
    handler: Handler,
    most: int = 1,
    queue: str = queues.PHOTO_QUEUE,
    attempts: int = 1,
    alike: str = "same",
) -> None:
    worker.rounds.serve(Lot(queues.PHOTO, queue, most), Taken(asked(0), attempts, alike=alike), handler)


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


@pytest.mark.parametrize("first", ["clip", "", "other"])
def test_only_what_is_alike_comes_together_and_the_rest_in_its_order(
    first: str, worker: Worker, handler: Handler
) -> None:
    for numbers, alike in (([1, 2], "clip"), ([3, 4], ""), ([5], "clip"), ([6, 7], "other")):
        wait_in(worker.redis, queues.PHOTO_QUEUE, numbers, alike)
    serve(worker, handler, most=8, alike=first)
    rest = [[3], [4], [5], [6, 7]]
    assert handler.seen == ([[0, 1, 2], *rest] if first == "clip" else [[0], [1, 2], *rest])
    assert answered(worker) == list(range(8))
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

    def away(this: Rounds, *given: Any) -> list[Taken]:
        if handler.seen == [[0], [1]]:
            raise redis.ConnectionError("gone")
        return whole(this, *given)

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
    def careless(taken: Batch) -> Iterator[Answers]:
        with handler(taken) as answers:
            yield answers
        raise ZeroDivisionError

    wait_in(worker.redis, queues.PHOTO_QUEUE, [1])
    worker.rounds.serve(Lot(queues.PHOTO, queues.PHOTO_QUEUE), Taken(asked(0)), careless)
    assert answered(worker) == [0, 1]


def test_celerys_own_message_is_forgotten_with_its_answer_and_once(worker: Worker, handler: Handler) -> None:
    wait_in(worker.redis, queues.PHOTO_QUEUE, [5])
    with make_app(worker.settings, worker.name).connection_for_read() as connection:
        message = connection.channel().basic_get(queues.PHOTO_QUEUE)
        first = Taken(message.payload[1], message.headers["attempts"], message.headers[TAG_HEADER])
        assert len(notes(worker)) == 1
        worker.rounds.serve(Lot(queues.PHOTO, queues.PHOTO_QUEUE), first, handler)
        assert (notes(worker), worker.redis.hlen(ATTEMPTS), SETTLED) == (set(), 0, {first.tag})
        message.ack()
    assert set() == SETTLED


def test_nobody_takes_more_than_his_share_of_what_waits(worker: Worker, handler: Handler) -> None:
    wait_in(worker.redis, queues.PHOTO_QUEUE, range(1, 9))
    lot = Lot(queues.PHOTO, queues.PHOTO_QUEUE, 4, among=3)
    worker.rounds.serve(lot, Taken(asked(0), alike="same"), handler)
    assert [len(each) for each in handler.seen] == [3, 2, 2, 1, 1]
