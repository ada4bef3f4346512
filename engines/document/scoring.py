"""How well a page was read: order, tables, and words, against a text that is known."""

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from statistics import fmean, median
from typing import Any, Final

import numpy as np

from engines.document.classic_lines import tidy
from engines.document.page import Page
from engines.document.types import Delta, PageOptions, PageResult

Grid = tuple[tuple[str, ...], ...]
Read = Callable[[Page, PageOptions, Callable[[], bool]], Iterator[Delta | PageResult]]

# A word, or a single character of a script without spaces.
_TOKEN: Final = re.compile(r"[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_MARKUP: Final = re.compile(r"</?(?:table|tr|td|th)\b[^>]*>|\]\(images/\d+\.jpg\)")
_TABLE: Final = re.compile(r"<table>.*?</table>|(?:^\|.*\|$\n?)+", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """A page whose text is known.

    Attributes:
        name: for people.
        page: the page.
        truth: its text in reading order; None where only its tables are known.
        tables: their cells, row by row, where they are known.
    """

    name: str
    page: Page
    truth: str | None = None
    tables: tuple[Grid, ...] = ()


def tokens(text: str) -> list[str]:
    """Words of a text, and characters of scripts that have no spaces; without markup, normalised."""
    plain = _MARKUP.sub(" ", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return _TOKEN.findall(unicodedata.normalize("NFKC", tidy(plain)).casefold())


def text_recall(truth: str, found: str) -> float:
    """Share of the truth's tokens that were found, in whatever order, 0..1; 1 where the truth has none."""
    wanted = Counter(tokens(truth))
    total = wanted.total()
    return (wanted & Counter(tokens(found))).total() / total if total else 1.0


def order_distance(truth: str, found: str) -> float:
    """Edit distance of the tokens over the longer number of them: 0 the same in the same order, 1 nothing alike."""
    wanted, got = tokens(truth), tokens(found)
    longest = max(len(wanted), len(got))
    return edit_distance(wanted, got) / longest if longest else 0.0


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Levenshtein distance: insertions, deletions and replacements of single tokens."""
    numbers = {token: number for number, token in enumerate({*first, *second})}
    columns = np.array([numbers[token] for token in second], np.int64)
    steps = np.arange(len(second) + 1)
    row = steps.copy()
    for token in first:
        change = np.concatenate([[row[0] + 1], np.minimum(row[1:] + 1, row[:-1] + (columns != numbers[token]))])
        # An insertion costs one a step to the right, so the best start of a run of them is a running minimum.
        row = np.minimum.accumulate(change - steps) + steps
    return int(row[-1])


def grids(markdown: str) -> list[Grid]:
    """The tables of a Markdown text, cell by cell; a cell that spans stands in each place that it covers."""
    return [_from_html(found) if found.startswith("<") else _from_pipes(found) for found in _TABLE.findall(markdown)]


def same_grid(truth: Grid, found: Grid) -> bool:
    """Whether every row and column is where it should be, with the same text but for spaces."""
    return [[_squeeze(cell) for cell in row] for row in truth] == [[_squeeze(cell) for cell in row] for row in found]


def same_shape(truth: Grid, found: Grid) -> bool:
    """Whether there are as many rows, and as many columns in each."""
    return [len(row) for row in truth] == [len(row) for row in found]


def measure(samples: Iterable[Sample], read: Read) -> list[dict[str, Any]]:
    """Read pages and say how well and how fast that went.

    Args:
        samples: pages with what is known of them.
        read: a document engine's.

    Returns:
        A row a page (`page`, `cpu_ms`, `recall`, `distance`, `tables`, `grids`: of those the exact ones), and a last
        one named `all` with the mean of times and recalls, the median distance, and the sums.
    """
    found = [_measure_page(sample, read) for sample in samples]
    return [*found, _total(found)] if found else []


def _measure_page(sample: Sample, read: Read) -> dict[str, Any]:
    started = time.process_time()
    *_, result = read(sample.page, PageOptions(), lambda: False)
    spent = time.process_time() - started
    assert isinstance(result, PageResult)
    row: dict[str, Any] = {"page": sample.name, "cpu_ms": round(spent * 1000)}
    if sample.truth is not None:
        # What stands in running heads and feet was read too, though it is no part of the running text.
        row["recall"] = round(text_recall(sample.truth, "\n".join(block.text for block in result.blocks)), 4)
        row["distance"] = round(order_distance(sample.truth, result.markdown), 4)
    if sample.tables:
        pairs = list(zip(sample.tables, grids(result.markdown), strict=False))
        row["tables"] = len(sample.tables)
        row["grids"] = sum(same_grid(truth, got) for truth, got in pairs)
    return row


def _total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {"page": "all", "cpu_ms": round(fmean(row["cpu_ms"] for row in rows))}
    read = [row for row in rows if "recall" in row]
    if read:
        total["recall"] = round(fmean(row["recall"] for row in read), 4)
        total["distance"] = round(median(row["distance"] for row in read), 4)
    total |= {name: sum(row.get(name, 0) for row in rows) for name in ("tables", "grids")}
    return total


def _squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _from_pipes(text: str) -> Grid:
    lines = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for line in text.strip().splitlines()]
    kept = [line for line in lines if not all(re.fullmatch(r"\s*:?-{3,}:?\s*", cell) for cell in line)]
    return tuple(tuple(cell.strip().replace("\\|", "|") for cell in line) for line in kept)


def _from_html(text: str) -> Grid:
    parser = _TableParser()
    parser.feed(text)
    parser.close()
    return parser.grid()


class _TableParser(HTMLParser):
    """Places the cells of one HTML table."""

    def __init__(self) -> None:
        super().__init__()
        self._cells: dict[tuple[int, int], list[str]] = {}
        self._row = -1
        self._open: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._row += 1
        elif tag in ("td", "th"):
            known = dict(attrs)
            rows, columns = (int(known.get(name) or 1) for name in ("rowspan", "colspan"))
            column = 0
            while (self._row, column) in self._cells:
                column += 1
            self._open = []
            for down in range(rows):
                for right in range(columns):
                    self._cells[self._row + down, column + right] = self._open

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.append(data)

    def grid(self) -> Grid:
        height = max((row for row, _ in self._cells), default=-1) + 1
        return tuple(
            tuple("".join(text).strip() for (at, _), text in sorted(self._cells.items()) if at == row)
            for row in range(height)
        )
