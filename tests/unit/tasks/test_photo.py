"""How much of a photo's file is read before anybody knows what it is."""

import os
from pathlib import Path

import pytest

from engines.errors import NotAPicture, PictureOutOfRange
from engines.settings import EngineSettings
from tasks.photo import read

MIB = 2**20


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    settings, photo = EngineSettings(max_photo_mb=1), tmp_path / "a.jpg"
    photo.write_bytes(b"x" * MIB)
    assert read(photo, settings) == b"x" * MIB
    photo.write_bytes(b"x" * (MIB + 1))
    with pytest.raises(PictureOutOfRange, match="over 1 MiB") as refusal:
        read(photo, settings)
    assert "MAX_PHOTO_MB" in str(refusal.value.hint)


def test_a_file_that_says_it_is_empty_and_has_more_is_not_read_further_than_the_limit() -> None:
    endless = Path("/proc/self/pagemap")  # a regular file of size 0 with as much in it as there is address space
    with pytest.raises(PictureOutOfRange):
        read(endless, EngineSettings(max_photo_mb=1))


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(NotAPicture):
        read(tmp_path / "a.jpg", EngineSettings())
