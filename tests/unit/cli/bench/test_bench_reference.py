"""The server that Darkroom is measured against does the same work, and ends with its block."""

from pathlib import Path

import psutil
import pytest

from cli.bench.clients import Asker
from cli.bench.doors import doors
from cli.bench.reference.process import running
from cli.bench.reference.setting import Setting
from cli.bench.weights import DLIB, Weights
from cli.errors import CommandError
from tests.conftest import picture


def test_it_reads_what_stands_in_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="no OCR weights here")
    door = doors("ocr", "PP-OCRv6_small")[0]
    with running(Weights(tmp_path, "", DLIB, ()), {"ocr": Setting(1, 1, 6)}) as server, Asker(server.url) as ask:
        body = ask(door.request(picture(640, 200, "HELLO WORLD")))
        pid = server.process.pid
    assert "HELLO" in door.read(body)
    assert not psutil.pid_exists(pid)


def test_why_it_does_not_start_is_told(tmp_path: Path) -> None:
    asked = {"clip_image": Setting()}
    with pytest.raises(CommandError, match=r"model\.onnx"), running(Weights(tmp_path, "none", DLIB, ()), asked):
        pass
