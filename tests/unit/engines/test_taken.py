"""When a photo was taken, read from bytes that anybody may have made."""

import io
import random
import time
from datetime import UTC, datetime

import pytest
from PIL import Image

from engines.taken import taken_at

ORIGINAL, OFFSET, EXIF = 0x9003, 0x9011, 0x8769


def jpeg(original: object = None, offset: str | None = None) -> bytes:
    exif, out = Image.Exif(), io.BytesIO()
    inner = exif.get_ifd(EXIF)
    if original is not None:
        inner[ORIGINAL] = original
    if offset is not None:
        inner[OFFSET] = offset
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_the_zone_counts_where_it_is_written() -> None:
    at = datetime(2024, 2, 29, 10, 30, 5, tzinfo=UTC).timestamp()
    assert taken_at(jpeg("2024:02:29 12:30:05", "+02:00")) == at
    assert taken_at(jpeg("2024:02:29 07:00:05", "-03:30")) == at


def test_without_a_zone_it_is_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert taken_at(jpeg("2024:02:29 18:30:05")) == datetime(2024, 2, 29, 10, 30, 5, tzinfo=UTC).timestamp()
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "said", [None, "0000:00:00 00:00:00", "2024:13:01 00:00:00", "yesterday", "    :  :     :  :  "]
)
def test_what_is_no_time_is_none(said: object) -> None:
    assert taken_at(jpeg(said)) is None


def test_broken_bytes_are_none_or_a_time_and_never_an_error() -> None:
    whole, chance = jpeg("2024:02:29 12:30:05", "+02:00"), random.Random(1)
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(20, 160)] = chance.randrange(256)
        taken_at(bytes(data[: chance.randrange(30, len(data))]))
    assert taken_at(b"") is None
