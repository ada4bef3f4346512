"""Documents sent to a service, and what came back."""

import json
from typing import Any

from tests.conftest import Service
from tests.pdfs import pdf


def pages(count: int, mark: str) -> bytes:
    """A document like no other; what it says is all one to the scripted model."""
    return pdf([(f"Page {number} of {mark}.",) for number in range(1, count + 1)])


def stream(service: Service, path: str, data: bytes, **form: str) -> list[str]:
    """The lines of a streamed answer."""
    with service.http.stream("POST", path, files={"file": ("a", data)}, data=form, timeout=300) as answer:
        assert answer.status_code == 200, answer.read()
        return list(answer.iter_lines())


def frames(lines: list[str]) -> list[dict[str, Any]]:
    """Without the heartbeats."""
    return [json.loads(line) for line in lines if line]
