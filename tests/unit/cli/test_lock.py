"""A data folder serves one Darkroom at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.lock import DataFolderInUse, hold


def test_a_folder_in_use_is_refused_with_its_holder_and_a_way_out(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(DataFolderInUse) as refusal, hold(tmp_path):
        pass
    message = str(refusal.value)
    assert str(tmp_path) in message
    assert f"process {os.getpid()}." in message
    assert "--data" in message


def test_a_folder_is_free_again_after_its_holder_ended(tmp_path: Path) -> None:
    with hold(tmp_path):
        pass
    with hold(tmp_path):
        assert (tmp_path / "darkroom.lock").read_text().strip() == str(os.getpid())


def test_a_folder_is_free_again_after_its_holder_was_killed(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
import signal
from cli.lock import hold
with hold(Path({str(tmp_path)!r})):
    print("held", flush=True)
    signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataFolderInUse, match=f"process {holder.pid}"), hold(tmp_path):
            pass
        holder.kill()
    with hold(tmp_path):
        pass


def test_a_folder_that_is_not_there_is_made_for_its_owner_only(tmp_path: Path) -> None:
    with hold(tmp_path / "new" / "folder"):
        assert (tmp_path / "new" / "folder").stat().st_mode & 0o077 == 0
