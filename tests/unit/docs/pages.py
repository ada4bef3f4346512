"""The documentation as text: its pages, their code, their links and the places that links lead to."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.sources import ROOT

DOCS: Final = ROOT / "docs"
PAGES: Final = (ROOT / "README.md", ROOT / "README.zh.md", *sorted(DOCS.glob("*.md")))
GENERATED: Final = frozenset({"settings.md", "reference.md"})
WRITTEN: Final = tuple(page for page in PAGES if page.name not in GENERATED)
_FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN: Final = re.compile(r"`([^`\n]+)`")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """Code that stands by itself."""

    language: str
    code: str


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, without the indentation that they share."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(language, re.sub(f"^{indent}", "", code, flags=re.MULTILINE)) for indent, language, code in found]


def prose(page: Path) -> str:
    """A page without its blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def spans(page: Path) -> list[str]:
    """Code within lines."""
    return _SPAN.findall(prose(page))


def links(page: Path) -> list[str]:
    """Where links and pictures of a page lead to."""
    return _LINK.findall(_SPAN.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as the site gives them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
        name = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
        found.add(
            name if name not in found else next(f"{name}_{n}" for n in range(1, 99) if f"{name}_{n}" not in found)
        )
    return found


def shell(page: Path) -> Iterator[str]:
    """Lines that are typed into a shell, and code within lines that may be."""
    for language, code in blocks(page):
        if language in ("", "sh", "bash", "shell", "console"):
            yield from code.replace("\\\n", " ").splitlines()
    yield from spans(page)
