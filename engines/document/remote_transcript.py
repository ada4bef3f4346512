"""What has been read of a page so far, whoever read it."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from engines.document.parsers import Parser
from engines.document.remote_splice import find_continuation
from engines.document.types import Block, Delta, PageResult, Usage

_FIGURE: Final = re.compile(r"images/(\d+)\.jpg")


class Transcript:
    """One page: what was shown of it, and the regions of that. Not thread safe.

    Attributes:
        notes: what happened on the way, a sentence each.
    """

    def __init__(self, parser: Parser) -> None:
        """Take the parser of the model's output, which reads everything that is added."""
        self.notes: list[str] = []
        self._parser = parser
        self._raw: list[str] = []
        self._text: list[str] = []
        self._more: tuple[Block, ...] = ()

    @property
    def raw(self) -> str:
        """All that was shown, as the engine said it."""
        return "".join(self._raw)

    @property
    def markdown(self) -> str:
        """All that was shown, clean."""
        return "".join(self._text)

    def add(self, raw: str) -> Iterable[Delta]:
        """Further output of the model; nothing where there is none."""
        return self._show(self._parser.feed(raw), raw) if raw else ()

    def finish(self) -> Iterable[Delta]:
        """The model says no more."""
        return self._show(self._parser.finish(), "")

    def go_on(self, page: PageResult) -> Iterable[Delta]:
        """What another engine read of the whole page, from where this one ends; figures are numbered on."""
        start = find_continuation(self.markdown, page.markdown)
        begun = self.markdown
        gap = "\n\n" if begun else ""
        if begun.count("<table") > begun.count("</table"):
            gap = "</table>\n\n"
        figures = max((block.figure or 0 for block in self._parser.blocks), default=0)
        rest = page.markdown[start or 0 :].lstrip("\n")
        skipped = len(_FIGURE.findall(page.markdown[: len(page.markdown) - len(rest)]))
        self._more = _renumber(_behind(page, len(page.markdown) - len(rest)), figures - skipped)
        text = gap + _shift(rest, figures - skipped)
        return self._show(text, text) if rest else ()

    def result(self, usage: Usage, engine: str) -> PageResult:
        """The page."""
        markdown = self.markdown
        usage = replace(usage, completion_chars=len(markdown))
        blocks = (*self._parser.blocks, *self._more)
        return PageResult(markdown, self.raw, blocks, usage, engine, tuple(self.notes))

    def _show(self, text: str, raw: str) -> Iterable[Delta]:
        if not text and not raw:
            return ()
        self._text.append(text)
        self._raw.append(raw)
        return (Delta(text, raw),)


def _behind(page: PageResult, start: int) -> list[Block]:
    """Blocks whose text ends behind an index of the page's Markdown, in whole or in part."""
    found, at = [], 0
    for block in page.blocks:
        place = page.markdown.find(block.text, at) if block.text else -1
        at = place + len(block.text) if place >= 0 else at
        if at > start:
            found.append(block)
    return found


def _renumber(blocks: list[Block], by: int) -> tuple[Block, ...]:
    return tuple(
        replace(block, text=_shift(block.text, by), figure=block.figure + by if block.figure else None)
        for block in blocks
    )


def _shift(text: str, by: int) -> str:
    return _FIGURE.sub(lambda match: f"images/{int(match.group(1)) + by}.jpg", text)
