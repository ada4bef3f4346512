"""An engine that takes less than it is sent, and one that is told to stop while it writes."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engines.document.remote import RemoteEngine
from engines.settings import EngineSettings
from tests.conftest import Service
from tests.contract.my_ocr_client import read
from tests.unit.engines.document.completions import Answer, serving
from tests.vllm.asking import frames, pages, stream
from tests.vllm.rig import place
from tests.vllm.rig.server import KEY, MODEL, Vllm
from tests.vllm.rig.transcripts import INVOICE, LONG
from tests.vllm.test_faults import begin, end

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]  # an engine starts
IDLE_S = 20


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """A vLLM that reads one page at a time, lets one more wait, and refuses the rest with 503."""
    reason = place.problem()
    if reason is not None:
        pytest.skip(reason)
    made = Vllm(tmp_path_factory.mktemp("narrow") / "vllm.log", "--max-num-seqs", "1", "--max-num-queued-reqs", "1")
    made.start()
    try:
        made.wait()
        yield made
    finally:
        made.kill()


def test_pages_that_an_overloaded_engine_refuses_are_sent_again_until_all_are_read(
    narrow: Vllm, tmp_path: Path
) -> None:
    (tmp_path / "library").mkdir()
    settings = {"LLM_BASE_URL": narrow.url, "LLM_API_KEY": KEY, "LLM_CONCURRENCY": "6", "LLM_WAIT_S": "200"}
    service = Service(tmp_path / "home", tmp_path / "library", **settings)
    try:
        lines = stream(service, "/api/ocr/pdf", pages(6, "an overloaded engine"), resolution="tiny")
        refused = narrow.refused()
    finally:
        service.stop()

    assert refused > 0, "it was overloaded"
    assert read(lines).pages == dict.fromkeys(range(1, 7), INVOICE)
    assert {frame["engine"] for frame in frames(lines) if frame["type"] == "page_end"} == {MODEL}


def test_a_page_goes_on_elsewhere_when_the_engine_is_told_to_stop(narrow: Vllm) -> None:
    with serving() as other:
        other.says(Answer([LONG]))
        urls = f"{narrow.url},{other.url}"
        settings = EngineSettings(llm_base_url=urls, llm_api_key=KEY, llm_idle_timeout_s=IDLE_S)
        with closing(RemoteEngine(settings)) as engine:
            page = begin(engine)
            narrow.signal(signal.SIGTERM)
            told = time.monotonic()
            result = end(page)

    assert time.monotonic() - told < 4 * IDLE_S
    assert result.markdown == LONG, "no mark is lost, and none comes twice"
    assert result.notes == ("The engine broke off; the page was read again.",)
