"""Following a job through broken connections."""

from collections.abc import Callable

import pytest

from cli.client import Client
from cli.errors import CommandError, ServerRefused
from cli.follow import follow
from tests.unit.cli.conftest import Service, frames

Naps = tuple[list[float], Callable[[float], None]]


def test_every_frame_is_seen_once_in_order_however_often_the_connection_breaks(service: Service, naps: Naps) -> None:
    service.jobs["job1"] = frames("job1", [f"{n}.jpg" for n in range(9)], set())
    service.cuts = [3, 0, 4]
    with Client() as client:
        seen = [frame["seq"] for frame in follow(client, "job1", sleep=naps[1])]
    assert seen == list(range(1, 12))
    assert [path for _, path in service.seen] == [
        f"/api/jobs/job1/events?after={after}&follow=true" for after in (0, 3, 3, 7)
    ]


def test_pauses_grow_while_the_server_stays_away_and_start_anew_after_a_sign_of_life(
    service: Service, naps: Naps
) -> None:
    service.jobs["job1"] = frames("job1", ["a.jpg"], set())
    service.cuts = [0, 0, 0, 1]
    asked, sleep = naps
    with Client() as client:
        list(follow(client, "job1", sleep=sleep))
    assert asked == [0.25, 0.5, 1.0, 0.25]


def test_following_from_a_known_frame_gives_only_later_ones(service: Service) -> None:
    service.jobs["job1"] = frames("job1", ["a.jpg", "b.jpg"], set())
    with Client() as client:
        assert [frame["seq"] for frame in follow(client, "job1", after=2)] == [3, 4]


def test_a_job_that_is_not_there_is_no_reason_to_wait(service: Service) -> None:
    with Client() as client, pytest.raises(ServerRefused, match="There is no job nothing"):
        list(follow(client, "nothing"))


def test_a_stream_that_ends_without_its_end_frame_is_continued(service: Service, naps: Naps) -> None:
    whole = frames("job1", ["a.jpg"], set())
    service.jobs["job1"] = whole[:2]

    def sleep(_seconds: float) -> None:
        service.jobs["job1"] = whole

    with Client() as client:
        assert [frame["type"] for frame in follow(client, "job1", sleep=sleep)] == ["start", "item", "end"]


def test_giving_up_says_that_the_job_goes_on_and_how_to_look_again(service: Service, naps: Naps) -> None:
    service.jobs["job1"] = frames("job1", ["a.jpg"], set())
    service.cuts = [0] * 50
    with Client() as client, pytest.raises(CommandError, match="darkroom jobs watch job1"):
        list(follow(client, "job1", patience_s=0, sleep=naps[1]))
