"""Documents by the classic engine, beside the bare OCR of the same pages in the same run.

What is known of a page is the text of its text layer, in its order. Such pages are read twice, as they are and as mere
pictures, so that the reading order is found and not copied. Of a scan, what the bare OCR reads is asked for.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.progress import track

if TYPE_CHECKING:
    from engines.document.classic import ClassicEngine
    from engines.document.page import Page
    from engines.document.types import PageResult
    from engines.registry import Engines

MOST_PAGES: Final = 4
# Tokens below which a page says nothing.
FEWEST: Final = 20
DRAWN: Final = 3


@dataclass(slots=True)
class _Tally:
    """Attributes: what each page came to; seconds of the engine and of the bare OCR, wall and processor."""

    text_recalls: list[float] = field(default_factory=list)
    scan_recalls: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)
    plain_distances: list[float] = field(default_factory=list)
    ours: list[tuple[float, float]] = field(default_factory=list)
    plain: list[tuple[float, float]] = field(default_factory=list)


def documents(data: Path) -> list[tuple[Path, str | None]]:
    """PDFs with their passwords, from the folders beside the labelled pictures."""
    found = []
    for folder in (data.parent / "pdf", data.parent / "deepseek"):
        manifest = folder / "manifest.json"
        entries = json.loads(manifest.read_text(encoding="utf-8"))["entries"] if manifest.is_file() else []
        known = {entry["file"]: entry for entry in entries}
        for path in sorted(folder.glob("*.pdf")):
            entry = known.get(path.name, {})
            if entry.get("expect") != "error":
                found.append((path, (entry.get("passwords") or [None])[0]))
    return found


def measure(files: list[tuple[Path, str | None]], console: Console) -> list[dict[str, Any]]:
    """Pages a second, CPU seconds a page, and how much of the text, its order and its tables comes out right."""
    from cli.bench.rows import row
    from engines.document.classic import ClassicEngine
    from engines.registry import Engines
    from engines.settings import EngineSettings

    settings = EngineSettings()
    engines = Engines(settings, "cpu")
    engine = ClassicEngine(settings, engines)
    grids = _exact_grids(engine)  # loads the models before anything is timed
    two_columns = _column_distances(engine, engines)
    tally = _Tally()
    for path, password in track(files, "Documents", console=console):
        for page in _pages(path, password):
            _add(tally, page, engine, engines)
    if not tally.ours:
        raise RuntimeError("no page of these documents has enough words to be measured by")
    ours, plain = (len(spent) / sum(wall for wall, _ in spent) for spent in (tally.ours, tally.plain))
    return [
        row(
            "document",
            "pages/s",
            ours,
            cpu_s_per_item=fmean(cpu for _, cpu in tally.ours),
            reference=plain,
            ratio=ours / plain,
            accuracy={
                # Of a few files all may be scans, or none.
                **_over("text recall", fmean, tally.text_recalls),
                **_over("order distance", median, tally.distances),
                **_over("reference order distance", median, tally.plain_distances),
                "order distance of columns": two_columns[0],
                "reference order distance of columns": two_columns[1],
                **_over("scan recall", fmean, tally.scan_recalls),
                "exact tables": grids,
                "reference CPU s each": fmean(cpu for _, cpu in tally.plain),
            },
        )
    ]


def _over(name: str, mean: Callable[[list[float]], float], values: list[float]) -> dict[str, float]:
    return {name: mean(values)} if values else {}


def _pages(path: Path, password: str | None) -> Iterator["Page"]:
    from engines.document.classic import ClassicEngine
    from engines.pdf import PdfDocument

    with PdfDocument.open(path, password) as document:
        for number in range(1, min(document.pages, MOST_PAGES) + 1):
            yield document.render(number, ClassicEngine.side)


def _add(tally: _Tally, page: "Page", engine: "ClassicEngine", engines: "Engines") -> None:
    from engines.document.page import Page
    from engines.document.scoring import order_distance, text_recall, tokens
    from engines.document.text_layer import lines_of

    result, spent = _timed(lambda: _read(engine, page))
    lines, plain_spent = _timed(lambda: engines.ocr().read(page.image).lines)
    plain = "\n".join(line.text for line in lines)
    if len(tokens(plain)) < FEWEST:
        return
    tally.ours.append(spent)
    tally.plain.append(plain_spent)
    found = "\n".join(block.text for block in result.blocks)
    if page.text_layer is None or not page.text_layer.words or result.notes:
        tally.scan_recalls.append(text_recall(plain, found))
        return
    truth = "\n".join(line.text for line in lines_of(page.text_layer))
    tally.text_recalls.append(text_recall(truth, found))
    tally.distances.append(order_distance(truth, _read(engine, Page(page.image, None)).markdown))
    tally.plain_distances.append(order_distance(truth, plain))


def _read(engine: "ClassicEngine", page: "Page") -> "PageResult":
    from engines.document.types import PageOptions, PageResult

    *_, result = engine.read(page, PageOptions(), lambda: False)
    assert isinstance(result, PageResult)
    return result


def _timed(work: Any) -> tuple[Any, tuple[float, float]]:
    """What `work` gives, and the wall and CPU seconds that it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, (time.perf_counter() - wall, time.process_time() - cpu)


def _exact_grids(engine: "ClassicEngine") -> float:
    """Share of drawn tables, with all rules and with few, that come out cell by cell."""
    from cli.bench.document_pages import TABLES, table
    from engines.document.scoring import Sample, measure

    drawn = [(grid, table(grid, all_rules)) for grid in TABLES for all_rules in (True, False)]
    total = measure([Sample("table", page, tables=(grid,)) for grid, page in drawn], engine.read)[-1]
    return float(total["grids"] / total["tables"])


def _column_distances(engine: "ClassicEngine", engines: "Engines") -> tuple[float, float]:
    """How far pages of two columns are from their order, by the engine and by the bare OCR; medians."""
    from cli.bench.document_pages import columns
    from engines.document.scoring import order_distance

    ours, plain = [], []
    for page, truth in map(columns, range(DRAWN)):
        ours.append(order_distance(truth, _read(engine, page).markdown))
        plain.append(order_distance(truth, "\n".join(line.text for line in engines.ocr().read(page.image).lines)))
    return median(ours), median(plain)
