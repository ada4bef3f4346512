"""The least loaded endpoint serves, a dead one is left alone for longer and longer, an overloaded one rests."""

import contextlib
import threading
from collections.abc import Iterator

import pytest

from engines.document.endpoints import BUSY_S, DEAD_S, Endpoint, EndpointBroken, EndpointBusy, Endpoints
from engines.document.errors import EngineDown, PageCancelled

NEVER = 1e9


class Clock:
    """Attributes: now: seconds; it goes on a second with each look, so that waiting ends."""

    now = 0.0
    step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(clock: Clock, urls: str = "a b", concurrency: int = 4, wait_s: float = 20) -> Endpoints:
    return Endpoints(urls.split(), concurrency, wait_s, clock, look_s=0)


@contextlib.contextmanager
def leased(endpoints: Endpoints, *, deadline: float = NEVER) -> Iterator[Endpoint]:
    with endpoints.lease(lambda: False, deadline) as endpoint:
        yield endpoint


def served_by(endpoints: Endpoints) -> str:
    with leased(endpoints) as endpoint:
        return endpoint.url


def break_(endpoints: Endpoints) -> str:
    with contextlib.suppress(EndpointBroken), leased(endpoints) as endpoint:
        raise EndpointBroken("refused")
    return endpoint.url


def refuse(endpoints: Endpoints) -> str:
    with contextlib.suppress(EndpointBusy), leased(endpoints) as endpoint:
        raise EndpointBusy("full")
    return endpoint.url


def test_pages_go_where_fewest_are(clock: Clock) -> None:
    endpoints = made(clock, "a b c")

    with leased(endpoints) as first, leased(endpoints) as second, leased(endpoints) as third:
        assert {first.url, second.url, third.url} == {"a", "b", "c"}
        with leased(endpoints):
            assert sorted(each.in_flight for each in endpoints.all) == [1, 1, 2]
    assert [each.in_flight for each in endpoints.all] == [0, 0, 0]


def test_equals_take_turns(clock: Clock) -> None:
    endpoints = made(clock)

    assert [served_by(endpoints) for _ in range(4)] == ["a", "b", "a", "b"]


def test_an_endpoint_serves_no_more_pages_than_it_may(clock: Clock) -> None:
    endpoints = Endpoints(["a"], 2, 20)
    inside, most = 0, 0
    lock, both_in = threading.Lock(), threading.Barrier(2, timeout=10)

    def page() -> None:
        nonlocal inside, most
        with endpoints.lease(lambda: False, NEVER):
            with lock:
                inside += 1
                most = max(most, inside)
            both_in.wait()
            with lock:
                inside -= 1

    threads = [threading.Thread(target=page) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert most == 2
    assert endpoints.all[0].used == 6


def test_a_dead_endpoint_is_passed_over_until_its_pause_is_over(clock: Clock) -> None:
    endpoints = made(clock)
    dead = break_(endpoints)

    assert dead not in {served_by(endpoints) for _ in range(5)}
    clock.now += DEAD_S[0]
    with leased(endpoints) as working, leased(endpoints) as also_working:
        assert dead not in (working.url, also_working.url), "one that works goes first"


def test_each_failure_makes_the_pause_longer_and_an_answer_ends_it(clock: Clock) -> None:
    endpoints = made(clock, "a")
    pauses = []
    for _ in range(len(DEAD_S) + 1):
        break_(endpoints)
        pauses.append(endpoints.all[0].rests_until - clock.now)
        clock.now = endpoints.all[0].rests_until

    assert pauses == [*DEAD_S, DEAD_S[-1]]
    with leased(endpoints) as endpoint:
        endpoints.answers(endpoint)
    assert (endpoint.failures, endpoint.rests_until) == (0, 0.0)


def test_pages_that_fail_together_count_once(clock: Clock) -> None:
    endpoints = made(clock, "a")
    with contextlib.suppress(EndpointBroken), leased(endpoints):
        with contextlib.suppress(EndpointBroken), leased(endpoints):
            raise EndpointBroken("refused")
        raise EndpointBroken("refused")

    assert endpoints.all[0].failures == 1


def test_one_that_failed_is_tried_with_a_single_page(clock: Clock) -> None:
    endpoints = made(clock, "a")
    break_(endpoints)
    clock.now += DEAD_S[0]

    with leased(endpoints) as trial:
        with pytest.raises(EngineDown, match="overloaded"), leased(endpoints, deadline=clock.now):
            pass
        endpoints.answers(trial)
        with leased(endpoints) as second:
            assert second is trial


def test_when_all_are_dead_pages_wait_a_while_and_then_fail(clock: Clock) -> None:
    endpoints = made(clock, wait_s=3)
    break_(endpoints), break_(endpoints)
    clock.now += DEAD_S[0]
    break_(endpoints), break_(endpoints)
    clock.step = 0.125

    with pytest.raises(EngineDown, match="does not answer") as raised:
        list(iter(lambda: break_(endpoints), ""))
    assert "LLM_BASE_URL" in str(raised.value.hint)


def test_without_a_wait_pages_fail_at_once_while_all_are_dead(clock: Clock) -> None:
    endpoints = made(clock, "a", wait_s=0)
    break_(endpoints)

    with pytest.raises(EngineDown), leased(endpoints):
        pass


def test_an_overloaded_endpoint_rests_for_longer_each_time_and_the_other_one_serves(clock: Clock) -> None:
    endpoints = made(clock)
    assert refuse(endpoints) == "a"

    assert served_by(endpoints) == "b"
    assert served_by(endpoints) == "b"
    clock.now += BUSY_S[0]
    assert refuse(endpoints) == "a"
    assert endpoints.all[0].rests_until == clock.now + BUSY_S[1]


def test_overload_is_waited_out(clock: Clock) -> None:
    endpoints = made(clock, "a")
    refuse(endpoints)
    clock.step = 0.01

    assert served_by(endpoints) == "a"
    assert clock.now >= BUSY_S[0]


def test_overload_without_an_end_is_told_apart_from_silence(clock: Clock) -> None:
    endpoints = made(clock, "a")
    refuse(endpoints)

    with pytest.raises(EngineDown, match="overloaded"), leased(endpoints, deadline=clock.now):
        pass


def test_a_page_that_waits_can_be_cancelled(clock: Clock) -> None:
    endpoints = made(clock, "a")
    break_(endpoints)

    with pytest.raises(PageCancelled), endpoints.lease(lambda: True, NEVER):
        pass


def test_an_error_of_the_page_is_none_of_the_endpoint(clock: Clock) -> None:
    endpoints = made(clock, "a")
    with pytest.raises(ValueError, match="page"), leased(endpoints):
        raise ValueError("page")

    assert (endpoints.all[0].failures, endpoints.all[0].in_flight) == (0, 0)
