"""The OpenAPI document: the file that the web page's types are made of, and what it must say."""

import json
from typing import Any

import pytest

from api.schemas.__main__ import text
from tests.sources import ROOT

FILE = ROOT / "frontend" / "openapi.json"
FRAMEWORKS_OWN = {"MT Photos", "Immich"}
NO_JSON = {"/metrics"}


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(text())


def test_the_file_is_what_the_application_says() -> None:
    assert FILE.read_bytes() == text(), "renew it: .venv/bin/python -m api.schemas > frontend/openapi.json"


def test_every_native_route_describes_its_answers_and_errors(document: Any) -> None:
    bare = []
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            if FRAMEWORKS_OWN & set(route["tags"]) or path in NO_JSON:
                continue
            good = [answer for status, answer in route["responses"].items() if status.startswith("2")]
            described = all(kind.get("schema") for answer in good for kind in answer.get("content", {"": {}}).values())
            refused = "default" in route["responses"] or route["tags"] in (["health"], ["My OCR"])
            if not (good and described and refused):
                bare.append(f"{method} {path}")
    assert bare == []


def test_every_reference_leads_somewhere(document: Any) -> None:
    def references(part: Any) -> set[str]:
        if isinstance(part, list):
            return set().union(*map(references, part))
        if not isinstance(part, dict):
            return set()
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*map(references, part.values()))

    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document["paths"]) | references(document["components"]) <= known
