"""vLLM tells what its dashboard asks for."""

from collections.abc import Iterator

import pytest

from tests.conftest import Service, until
from tests.monitoring.files import filled, queries
from tests.services import programs, prometheus
from tests.services.prometheus import Prometheus
from tests.vllm.asking import pages, stream
from tests.vllm.rig.server import Vllm

pytestmark = pytest.mark.e2e


@pytest.fixture
def watched(vllm: Vllm) -> Iterator[Prometheus]:
    program = programs.prometheus()
    if program is None:
        pytest.skip(f"no Prometheus here: {programs.ADVICE}")
    address = vllm.url.removeprefix("http://").removesuffix("/v1")
    with prometheus.running(program, {"vllm": [address]}) as made:
        until(lambda: made.value('up{job="vllm"}') == 1, 20, "the first scrape")
        yield made


def test_every_query_of_its_dashboard_has_an_answer(darkroom: Service, watched: Prometheus) -> None:
    wanted = [expr for _, expr in queries() if "vllm:" in expr]
    assert wanted
    for half in ("first", "second"):
        stream(darkroom, "/api/ocr/pdf", pages(4, f"metrics {half}"), resolution="tiny")
    ended = 'sum(vllm:request_success_total{finished_reason="stop"})'
    until(lambda: (watched.value(ended) or 0) >= 8, 20, "a scrape after the last page")
    silent = [expr for expr in wanted if not watched.past(filled(expr, interval="10s"), 60)]
    assert not silent
