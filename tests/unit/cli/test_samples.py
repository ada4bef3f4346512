"""The sample pictures of the demo."""

from pathlib import Path

import pytest
from PIL import Image, ImageOps

from cli import samples


def test_the_same_samples_are_made_every_time(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        samples.make(tmp_path / name)
    made = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert made
    for name in made:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_every_kind_of_sample_is_there_and_opens(tmp_path: Path) -> None:
    made = samples.make(tmp_path)
    names = [sample.name for sample in made]
    assert names == sorted(path.name for path in tmp_path.iterdir())
    drawn = ["page-rotated.jpg", "receipt-bakery.jpg", "receipt-hardware.jpg", "screenshot.png", "sign-bilingual.png"]
    assert [sample.name for sample in made if sample.words] == drawn
    for name in names:
        with Image.open(tmp_path / name) as image:
            image.load()
            assert min(image.size) >= 170, name
            assert max(image.size) <= 2000, name


def test_the_rotated_page_lies_on_its_side_and_says_so(tmp_path: Path) -> None:
    samples.make(tmp_path)
    with Image.open(tmp_path / "page-rotated.jpg") as image:
        assert image.size == (1300, 1000)
        assert image.getexif()[samples.ORIENTATION] == samples.TURN_RIGHT
        upright = ImageOps.exif_transpose(image)
        assert upright.size == (1000, 1300)
        # the heading is at the top: there is more ink there than in the empty lower margin
        top = upright.crop((90, 90, 910, 170)).convert("L").histogram()
        bottom = upright.crop((90, 1200, 910, 1280)).convert("L").histogram()
    assert sum(top[:100]) > 100
    assert sum(bottom[:100]) == 0


def test_the_sign_speaks_two_languages_where_a_font_can(tmp_path: Path) -> None:
    if samples.font_path() is None:
        pytest.skip(f"the font wheel {samples.FONT_PACKAGE} is not installed")
    [sign] = [sample for sample in samples.make(tmp_path) if sample.name == "sign-bilingual.png"]
    assert "火车站" in sign.words
    assert "Station" in sign.words


def test_without_the_font_wheel_the_samples_are_latin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "font_path", lambda: None)
    made = samples.make(tmp_path)
    assert all(word.isascii() for sample in made for word in sample.words)


def test_photos_come_from_the_wheel_and_are_named_so(tmp_path: Path) -> None:
    if not samples.photo_paths():
        pytest.skip("scikit-image's wheel is not installed")
    made = samples.make(tmp_path)
    assert {sample.name for sample in made if not sample.words} == {f"photo-{name}" for name in samples.PHOTOS}
