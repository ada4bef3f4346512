"""What people read when the service does not answer as hoped."""

import json
import socket

import pytest

from cli.client import Client
from cli.errors import ServerRefused, ServerUnreachable
from tests.unit.cli.conftest import Service, error


def test_where_nobody_answers_the_next_step_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Client(url) as client, pytest.raises(ServerUnreachable) as refusal:
            client.get("/api/jobs")
    assert str(refusal.value) == f"No Darkroom answers at {url}. Start one with: darkroom up"


def test_an_error_of_the_service_is_one_line_with_its_hint(service: Service) -> None:
    with Client() as client, pytest.raises(ServerRefused) as refusal:
        client.get("/api/jobs/nothing")
    assert str(refusal.value) == "There is no job nothing. darkroom jobs list"
    assert (refusal.value.status, refusal.value.code) == (404, "job_not_found")


def test_an_error_in_another_form_names_address_and_status(service: Service) -> None:
    service.refusals = [(502, {}, "<html>Bad gateway</html>")]
    with Client() as client, pytest.raises(ServerRefused) as refusal:
        client.post("/api/jobs", files=[("files", ("a.jpg", b"x"))])
    assert str(refusal.value) == f"{service.url}/api/jobs answered 502 Bad Gateway."


def test_a_wrong_key_says_where_the_key_goes(service: Service) -> None:
    service.refusals = [(401, {}, error("unauthorized", "Wrong key."))]
    with Client() as client, pytest.raises(ServerRefused, match="API_AUTH_KEY"):
        client.post("/api/jobs", files=[("files", ("a.jpg", b"x"))])


def test_retry_after_is_understood(service: Service) -> None:
    service.refusals = [(429, {"Retry-After": "7"}, error("queue_full", "Full."))]
    with Client() as client, pytest.raises(ServerRefused) as refusal:
        client.post("/api/jobs", files=[("files", ("a.jpg", b"x"))])
    assert refusal.value.retry_after_s == 7


@pytest.mark.parametrize(("key", "sent"), [("secret", "secret"), ("", None), ("no-key", None)])
def test_the_key_is_sent_only_where_there_is_one(
    service: Service, monkeypatch: pytest.MonkeyPatch, key: str, sent: str | None
) -> None:
    monkeypatch.setenv("API_AUTH_KEY", key)
    with Client() as client, pytest.raises(ServerRefused):
        client.get("/api/jobs/nothing")
    assert service.headers[0].get("api-key") == sent


def test_an_address_without_a_scheme_is_taken_as_http() -> None:
    with Client("nas:8060/") as client:
        assert client.server == "http://nas:8060"
        assert not client.local


def test_lines_end_at_line_feeds_only_and_letters_that_arrive_in_halves_are_whole(service: Service) -> None:
    said = "a\u2028b\u2029c\x85d\x0be\x1cf 发票"
    service.jobs["job"] = [{"seq": n, "text": said} for n in range(1, 4)]
    service.plain = True
    with Client() as client, client.lines("/api/jobs/job/events") as lines:
        frames = [json.loads(line) for line in lines if line]
    assert frames == service.jobs["job"]
