"""The HTTP side without a service: what it imports, its tables, who is trusted."""

import subprocess
import sys

import pytest
from fastapi import Request
from starlette.datastructures import State

import engines.errors
import tasks.analyses
import tasks.errors
from api import errors
from api.security import client_of
from api.settings import ApiSettings, networks


@pytest.mark.parametrize("module", ["api.main", "tasks.dispatch", "cli.main"])
def test_a_process_that_runs_no_model_loads_no_runtime(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'numpy', 'cv2', 'onnxruntime', 'openvino'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def codes(root: type[Exception]) -> set[str]:
    found = {root.code}  # type: ignore[attr-defined]
    for below in root.__subclasses__():
        found |= codes(below)
    return found


def test_every_error_has_a_status() -> None:
    all_codes = codes(engines.errors.EngineError) | codes(tasks.errors.TaskError)
    assert all_codes <= set(errors.STATUS)


def request(peer: str, forwarded: str = "") -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "client": (peer, 1), "headers": headers, "app": State()})


def test_a_proxys_word_is_taken_only_if_the_proxy_is_trusted() -> None:
    behind = ApiSettings(trusted_proxies="10.0.0.0/8")
    assert client_of(request("10.0.0.2", "203.0.113.9"), behind) == "203.0.113.9"
    assert client_of(request("10.0.0.2", "127.0.0.1, 203.0.113.9"), behind) == "203.0.113.9"
    assert client_of(request("203.0.113.9", "127.0.0.1"), behind) == "203.0.113.9"
    assert client_of(request("127.0.0.1", "127.0.0.1"), ApiSettings()) == "127.0.0.1"


def test_networks_have_names() -> None:
    assert networks("none") == ()
    assert len(networks("private")) > len(networks("loopback"))
    with pytest.raises(ValueError, match="not-a-network"):
        networks("not-a-network")
