"""The metrics that My OCR's dashboards ask for, by name, of the running service."""

import json
import re
from typing import Any

import pytest

from tests.conftest import Service, picture, until
from tests.pdfs import pdf

pytestmark = pytest.mark.e2e


def scrape(service: Service, path: str = "/metrics") -> dict[str, float]:
    """Series with their labels -> value."""
    answer = service.http.get(path)
    assert answer.headers["content-type"].startswith("text/plain")
    found = (re.fullmatch(r"([a-z_]+(?:\{.*\})?) (\S+)", line) for line in answer.text.splitlines())
    return {match[1]: float(match[2]) for match in found if match}


def read(service: Service, kind: str, data: bytes) -> dict[str, Any]:
    """A document streamed to its end; the last frame."""
    answer = service.http.post(f"/api/ocr/{kind}", files={"file": ("a", data)})
    last: dict[str, Any] = json.loads(answer.text.splitlines()[-1])
    assert last["type"] == "end"
    return last


@pytest.mark.parametrize("kind", ["pdf", "image"])
def test_a_document_is_counted_by_its_kind(service: Service, kind: str) -> None:
    data = pdf([("A page that is counted.",)]) if kind == "pdf" else picture(700, 200, "Counted", seed=44)
    before = scrape(service)
    read(service, kind, data)
    label = f'{{kind="{kind}"}}'
    route = f'http_requests_total{{method="POST",path="/api/ocr/{kind}",status="200"}}'

    def counted() -> dict[str, float] | None:  # by the worker and, once the last byte has left, by the API
        now = scrape(service)
        late = (f"ocr_processing_seconds_count{label}", route)
        return now if all(now.get(name, 0) > before.get(name, 0) for name in late) else None

    after = until(counted, 20, "its time")
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown[f"ocr_requests_total{label}"] == 1
    assert grown[f"ocr_input_bytes_total{label}"] == len(data)
    assert grown[f"{kind}_requests_total"] == 1
    assert grown[f"ocr_processing_seconds_sum{label}"] > 0
    assert after[f"ocr_in_progress{label}"] == 0
    assert grown[route] == 1
    assert grown[f'http_request_duration_seconds_count{{method="POST",path="/api/ocr/{kind}"}}'] == 1


def test_both_addresses_tell_users_tokens_and_requests_in_flight(service: Service) -> None:
    for path in ("/metrics", "/api/metrics"):
        told = scrape(service, path)
        assert told["http_in_flight_requests"] >= 1, "the scrape itself"
        for name in ("users_total", "prompt_tokens_total", "completion_tokens_total", "tokens_total"):
            assert told[name] >= 0
        assert told["tokens_total"] == told["prompt_tokens_total"] + told["completion_tokens_total"]


def test_a_document_whose_client_left_is_in_progress_until_it_is_cancelled(service: Service) -> None:
    pages = pdf([(f"Page {number} that nobody waits for.",) for number in range(150)])
    form = {"cancel_on_disconnect": "true"}
    with service.http.stream("POST", "/api/ocr/pdf", files={"file": ("a", pages)}, data=form) as answer:
        next(answer.iter_lines())
    until(lambda: scrape(service)['ocr_in_progress{kind="pdf"}'] == 0, 20, "the end of the document")
    until(lambda: scrape(service)["http_in_flight_requests"] == 1, 20, "the end of the request")


def test_addresses_and_methods_that_nobody_knows_make_no_series(service: Service) -> None:
    for number in range(20):
        service.http.get(f"/no/such/path/{number}")
        service.http.get(f"/api/jobs/{number:032}")
        service.http.request(f"BREW{number}", "/metrics")
    told = scrape(service)
    paths = {match[1] for name in told if (match := re.search(r'path="([^"]*)"', name))}
    assert "/api/jobs/{job_id}" in paths
    assert "unmatched" in paths
    assert not [path for path in paths if "such" in path or "000" in path]
    methods = {match[1] for name in told if (match := re.search(r'method="([^"]*)"', name))}
    assert not [method for method in methods if method.startswith("BREW")]
