"""Captions find their photos through the search that a service has, whichever model is configured."""

from pathlib import Path

import pytest

from engines.errors import EngineError
from tasks.store.session import Store
from tests.bench import captions

ALL, KNOWN = 0.80, 0.88


def test_captions_find_their_photos(store: Store, shared: Path, tmp_path: Path) -> None:
    folder, engines = shared / "testdata" / "clip", captions.engines()
    if not (folder / "manifest.json").is_file():
        pytest.skip("no photos with captions: ../shared/testdata/clip is not there")
    try:
        engines.resolve("clip", None)
    except EngineError as error:
        pytest.skip(str(error))
    found = captions.measure(store, tmp_path, folder, engines)
    assert len(found.known) + len(found.others) >= 125
    assert len(found.known) >= 60
    assert found.all >= ALL, captions.as_row(found)
    assert found.of_known >= KNOWN, captions.as_row(found)
