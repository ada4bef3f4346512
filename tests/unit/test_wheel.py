"""The wheel: with the built page, though git ignores it, and without what only builds it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.sources import PACKAGES, ROOT

NEEDED = ("pyproject.toml", "README.md", "LICENSE", ".gitignore")


def tree(to: Path) -> None:
    """What a wheel is built of, with a page that is none."""
    for name in NEEDED:
        shutil.copy(ROOT / name, to)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__", "web"))
    (to / "api" / "web" / "assets").mkdir(parents=True)
    (to / "api" / "web" / "index.html").write_text("<title>Darkroom</title>")
    (to / "api" / "web" / "assets" / "index-1.js.gz").write_bytes(b"packed")
    (to / "frontend" / "node_modules" / "x").mkdir(parents=True)
    (to / "frontend" / "node_modules" / "x" / "x.js").write_text("")


def test_a_wheel_built_after_the_page_contains_it(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="no hatchling here, which builds wheels: make setup")
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    tree(source)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)]
    done = subprocess.run(build, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"api/web/index.html", "api/web/assets/index-1.js.gz", "api/page.html", "cli/main.py"} <= names
    assert not [name for name in names if name.startswith(("frontend/", "tests/"))]
