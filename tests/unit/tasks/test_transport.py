"""A message that nobody acknowledged in time is offered again, with its count, and done once."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.app import make_app
from tasks.broker import ATTEMPTS, PREFIX, queue_key
from tasks.envelope import push
from tasks.queues import PHOTO, PHOTO_QUEUE
from tasks.transport import ATTEMPTS_HEADER
from tasks.worker import Worker

ID = "1" * 32


@pytest.fixture
def channel(worker: Worker) -> Iterator[Any]:
    app = make_app(worker.settings, worker.name)
    with app.connection_for_read() as connection:
        opened = connection.channel()
        yield opened
        opened.close()
    app.close()


def take(channel: Any) -> Any:
    return channel.basic_get(PHOTO_QUEUE)


def expire(channel: Any) -> None:
    """As if the time-out had passed since every message was taken."""
    tags = channel.plain_client.zrange(PREFIX + channel.unacked_index_key, 0, -1)
    for tag in tags:
        channel.plain_client.zadd(
            PREFIX + channel.unacked_index_key, {tag: time.time() - channel.visibility_timeout - 1}
        )
    channel.qos.restore_visible(interval=1)


def test_a_message_is_offered_again_after_the_time_out_and_counted(worker: Worker, channel: Any) -> None:
    assert push(worker.redis, PHOTO, PHOTO_QUEUE, {"id": ID}, 10) is None
    first = take(channel)
    assert first.headers[ATTEMPTS_HEADER] == 1
    assert take(channel) is None
    expire(channel)
    second = take(channel)
    assert second.headers["id"] == ID
    assert second.headers[ATTEMPTS_HEADER] == 2


def test_a_late_acknowledgement_of_the_first_delivery_ends_the_second(worker: Worker, channel: Any) -> None:
    push(worker.redis, PHOTO, PHOTO_QUEUE, {"id": ID}, 10)
    first = take(channel)
    expire(channel)
    second = take(channel)
    first.ack()
    second.ack()
    expire(channel)
    assert take(channel) is None
    assert worker.redis.llen(queue_key(PHOTO_QUEUE)) == 0
    assert worker.redis.hlen(ATTEMPTS) == 0
