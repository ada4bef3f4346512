"""A real vLLM, and a whole Darkroom that has its pages read by it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from engines.document.remote import RemoteEngine
from engines.settings import EngineSettings
from tests.conftest import Service
from tests.vllm.rig import place
from tests.vllm.rig.server import KEY, Vllm


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    """A vLLM that serves the scripted model."""
    reason = place.problem()
    if reason is not None:
        pytest.skip(reason)
    made = Vllm(tmp_path_factory.mktemp("vllm") / "vllm.log")
    made.start()
    try:
        made.wait()
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="session")
def darkroom(vllm: Vllm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose pages the vLLM reads, four at a time."""
    settings = {"LLM_BASE_URL": f" {vllm.url}/ ,", "LLM_API_KEY": KEY, "LLM_CONCURRENCY": "4", "LLM_WAIT_S": "220"}
    made = Service(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("library"), **settings)
    yield made
    made.stop()


@pytest.fixture
def engine(vllm: Vllm) -> Iterator[Callable[..., RemoteEngine]]:
    """Makes the client of the vLLM, and of further addresses, without a service around it."""
    with ExitStack() as open_ones:

        def make(*more: str, **settings: Any) -> RemoteEngine:
            given = {"llm_base_url": ",".join((vllm.url, *more)), "llm_api_key": KEY, "llm_wait_s": 1.0, **settings}
            return open_ones.enter_context(closing(RemoteEngine(EngineSettings(**given))))

        yield make
