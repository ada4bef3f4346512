"""What stands in the way of a measurement changes nothing, and knows when the first token passed."""

import socket
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from cli.bench import document, document_engine, document_pages
from cli.bench.proxy import Proxy
from cli.errors import CommandError
from engines.document.scoring import order_distance

ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
WORD = b'data: {"choices":[{"delta":{"content":"Hello"}}]}\n\n'


def test_bytes_pass_unchanged_and_only_a_piece_of_text_is_a_first_token() -> None:
    with socket.create_server(("127.0.0.1", 0)) as engine:
        proxy = Proxy(f"http://127.0.0.1:{engine.getsockname()[1]}/v1")
        try:
            assert proxy.url.endswith("/v1")
            port = int(proxy.url.split(":")[2].split("/")[0])
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"POST /v1 and a body")
                asked, _ = engine.accept()
                with asked:
                    assert asked.recv(100) == b"POST /v1 and a body"
                    asked.sendall(ROLE)
                    assert client.recv(1000) == ROLE
                    assert proxy.first_tokens == []
                    before = time.monotonic()
                    asked.sendall(WORD)
                    assert client.recv(1000) == WORD
                    asked.sendall(WORD)
                    assert client.recv(1000) == WORD
            [at] = proxy.first_tokens
            assert before <= at <= time.monotonic()
        finally:
            proxy.close()
    assert "proxy" not in [thread.name for thread in threading.enumerate()]


def test_without_an_engine_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_BASE_URL", "")
    with pytest.raises(CommandError, match=r"darkroom engine.*LLM_BASE_URL"):
        document_engine.measure(document_engine.Plan(), Console())


def test_a_drawn_page_of_two_columns_is_out_of_order_when_read_row_by_row() -> None:
    page, truth = document_pages.columns(1)
    heading, *entries = truth.splitlines()
    half = len(entries) // 2
    by_row = [text for pair in zip(entries[:half], entries[half:], strict=True) for text in pair]
    assert order_distance(truth, "\n".join((heading, *by_row))) > 0.15
    assert (page.image.pixels < 128).any(axis=(1, 2)).sum() > len(entries)


def test_documents_come_with_their_passwords_and_without_those_that_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "pdf"
    folder.mkdir()
    for name in ("broken.pdf", "locked.pdf", "plain.pdf"):
        (folder / name).touch()
    (folder / "manifest.json").write_text(
        '{"entries": [{"file": "broken.pdf", "expect": "error"}, {"file": "locked.pdf", "passwords": ["test"]}]}'
    )
    found = document.documents(tmp_path / "ocr")
    assert [(path.name, password) for path, password in found] == [("locked.pdf", "test"), ("plain.pdf", None)]
