"""The programs in the documentation of the API run, against a service."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Service, picture
from tests.unit.docs.pages import DOCS, blocks

pytestmark = pytest.mark.e2e
PROGRAMS = [block.code for block in blocks(DOCS / "api.md") if block.language == "python"]
SAYS = ("HELLO", "0.", "photo.jpg done")
"""What the output of each has in it."""


def test_each_program_has_an_expectation() -> None:
    assert len(PROGRAMS) == len(SAYS)


@pytest.mark.parametrize(
    ("program", "said"), list(zip(PROGRAMS, SAYS, strict=False)), ids=("photo", "search", "stream")
)
def test_a_program_runs_and_says_what_it_found(service: Service, tmp_path: Path, program: str, said: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture(text="HELLO", form="JPEG"))
    assert "http://127.0.0.1:8060" in program
    command = [sys.executable, "-c", program.replace("http://127.0.0.1:8060", service.url)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
