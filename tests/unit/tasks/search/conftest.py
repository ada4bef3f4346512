"""Photos as workers would have finished them, in a store of the test's own."""

import base64
import hashlib
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection

from tasks import results
from tasks.results import Finding
from tasks.search import index
from tasks.search.index import Entry
from tasks.store.session import Store

NOW = 1_700_000_000.0


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def vector(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def ocr(*lines: str, model: str = "reader", revision: str = "1") -> Finding:
    boxes = [[[0, 20 * n], [100, 20 * n], [100, 20 * n + 15], [0, 20 * n + 15]] for n in range(len(lines))]
    body = [{"text": text, "score": 0.9, "box": box, "box_score": 0.9} for text, box in zip(lines, boxes, strict=True)]
    return Finding("ocr", model, revision, 100, 200, {"lines": body})


def clip(*numbers: float, model: str = "clip", revision: str = "1") -> Finding:
    return Finding("clip", model, revision, 100, 200, {"vector": vector(*numbers)})


def faces(*vectors: Sequence[float], model: str = "faces") -> Finding:
    found = [
        {"box": [10 * n, 10, 10 * n + 8, 20], "score": 0.9, "landmarks": [], "vector": vector(*each)}
        for n, each in enumerate(vectors)
    ]
    return Finding("face", model, "1", 100, 200, {"faces": found})


def add(connection: Connection, name: str, *findings: Finding, **of: Any) -> None:
    """Keep findings of a photo and let them be searched, as a worker's transaction does."""
    content = sha(of.pop("content", name))
    found = {finding.analysis: finding for finding in findings}
    rows = results.keep_all(connection, [(content, finding) for finding in findings], NOW)
    ids = dict(zip(found, rows, strict=True))
    index.put(connection, [Entry(content, name, ids, 100, 200, found=found, **of)], NOW)


@pytest.fixture
def writing(store: Store) -> Iterator[Connection]:
    """A writing transaction."""
    with store.write() as connection:
        yield connection


@pytest.fixture
def put(writing: Connection) -> Callable[..., None]:
    """`add` in that transaction."""
    return lambda name, *findings, **of: add(writing, name, *findings, **of)
