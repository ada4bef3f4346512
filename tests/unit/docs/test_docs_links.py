"""Every page can be reached, and every link leads somewhere, also for who reads the files as they are."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sources import ROOT
from tests.unit.docs.pages import DOCS, PAGES, anchors, links

OUTSIDE = ("http://", "https://", "mailto:")


def _named(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    return [name for each in (part.values() if isinstance(part, dict) else part) for name in _named(each)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    dead = []
    for link in links(page):
        if link.startswith(OUTSIDE):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_the_navigation_names_each_page_once() -> None:
    listed = _named(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    assert sorted(listed) == sorted(page.name for page in DOCS.glob("*.md"))


def test_each_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert {picture for picture in (DOCS / "pictures").iterdir() if picture not in shown} == set()
