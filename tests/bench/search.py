"""`python -m tests.bench.search`: how long a search by text takes with a million photos, on SQLite and PostgreSQL.

Queries in Chinese, in English and in both; of words that half of all photos have, of words that one has, and of words
that nobody has; limited to folders and months or not. A search is what `/api/search` does: found, ranked, and the page
put together with the lines that match. With `--vectors` also hybrid searches: each photo has a vector of 512 numbers,
and its neighbours are looked for with each query.
"""

import argparse
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tasks.search import find, queries
from tasks.search.filters import Filters
from tasks.search.find import Asked, Meaning
from tasks.search.nearest import Nearest, all_spaces
from tasks.store.session import Store, migrate
from tests.bench import rows, vectors
from tests.services import postgres

ROUNDS: Final = 5
TARGET_MS: Final = {False: 50.0, True: 120.0}
"""By whether a search is hybrid."""

QUERIES: Final = {
    "Chinese": [
        "发票",
        "中国",
        "的",
        "上海 发票",
        "北京 地铁",
        "昆仑",
        "敦煌 火锅",
        "人民 银行",
        "请勿 吸烟",
        '"发票公司"',
    ],
    "long Chinese": ["中国发票公司有限", "欢迎光临谢谢惠顾", "东方明珠长城故宫", "小心地滑请勿吸烟", '"发票公司"'],
    "English": ["total", "the", "invoice total", "warranty serial", "the of total and amount", '"the of"', "battery"],
    "mixed": ["invoice 发票", "total 合计 amount 金额", "taxi 机场", "the 的", "hotel 北京 火锅"],
    "one photo": ["x0500000", "x0999999 total", "x0000001 发票"],
    "nobody": ["zzzzzz", "zzzzzz total", "龘龘", "龘 total", '"battery the model"'],
}
LIMITS: Final = {
    "": Filters(),
    "a folder": Filters(folder="/photos/2012/012"),
    "a month": Filters(since=rows.FIRST + 40_000_000, until=rows.FIRST + 42_600_000),
}


def main() -> None:
    """Measure, print, and exit with 1 where a p95 is over the target."""
    words = argparse.ArgumentParser()
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--database", choices=["sqlite", "postgresql"])
    words.add_argument(
        "--keep", type=Path, help="a folder for SQLite's file and its index, used again where they are there"
    )
    words.add_argument("--vectors", action="store_true")
    said = words.parse_args()
    slow = False
    for database in [said.database] if said.database else ["sqlite", "postgresql"]:
        with _filled(database, said.rows, said.keep) as store, tempfile.TemporaryDirectory() as temporary:
            home = said.keep if said.keep and database == "sqlite" else Path(temporary)
            slow |= _measure(database, store, home, None)
            if said.vectors:
                slow |= _measure(database, store, home, _meanings(store, home, said.rows))
    raise SystemExit(int(slow))


def _meanings(store: Store, home: Path, count: int) -> list[Meaning]:
    """What queries mean, once each photo has a vector and they are indexed."""
    began = time.monotonic()
    with store.read() as connection:
        there = all_spaces(connection)
    space = there[0] if there else vectors.looked_at(store, count)
    written = time.monotonic() - began
    built, _ = vectors.build(home, space, count, store.engine.url.render_as_string(hide_password=False))
    print(f"{count:,} vectors written in {written:.0f} s, indexed in {built:.0f} s")
    some = next(iter(vectors.drawn(sum(map(len, QUERIES.values())), 2)))
    return [Meaning(each.tolist(), space.model, space.revision) for each in some]


@contextlib.contextmanager
def _filled(database: str, count: int, keep: Path | None) -> Iterator[Store]:
    with contextlib.ExitStack() as open_:
        if database == "postgresql":
            url = open_.enter_context(postgres.running()).migrated()
        else:
            folder = keep or Path(open_.enter_context(tempfile.TemporaryDirectory()))
            folder.mkdir(parents=True, exist_ok=True)
            url = f"sqlite:///{folder}/search.db"
        ready = database == "sqlite" and keep is not None and (keep / "search.db").exists()
        store = Store(url)
        open_.callback(store.close)
        if not ready:
            began = time.monotonic()
            migrate(url)
            rows.fill(store, count)
            print(f"{database}: {count:,} photos written in {time.monotonic() - began:.0f} s")
        yield store


def _measure(database: str, store: Store, home: Path, meanings: Sequence[Meaning] | None) -> bool:
    """Whether a p95 is over its target; the round in which each search is asked for the first time is told apart."""
    nearest, slow = Nearest(store, home), False
    what = f"{database}, hybrid" if meanings else database
    _ms(store, nearest, "total", Filters(), meanings[0] if meanings else None)  # opens the index
    asked = [(kind, query) for kind, some in QUERIES.items() for query in some]
    for limit, filters in LIMITS.items():
        spent: dict[str, list[float]] = {}
        for number in range(ROUNDS + 1):
            for (kind, query), meaning in zip(asked, meanings or itertools.repeat(None)):  # noqa: B905
                of = kind if number else "for the first time"
                spent.setdefault(of, []).append(_ms(store, nearest, query, filters, meaning))
        spent["all"] = [each for kind in QUERIES for each in spent[kind]]
        for kind, some in spent.items():
            _tell(f"{what}, {kind}{f', {limit}' if limit else ''}", some)
        slow |= _p95(spent["all"]) > TARGET_MS[meanings is not None]
    nearest.close()
    return slow


def _ms(store: Store, nearest: Nearest, query: str, filters: Filters, meaning: Meaning | None) -> float:
    asked = Asked(terms=queries.parse(query).terms, meaning=meaning, filters=filters)
    began = time.perf_counter()
    find.search(store, nearest, asked)
    return 1000 * (time.perf_counter() - began)


def _p95(spent: list[float]) -> float:
    return statistics.quantiles(spent, n=20)[-1]


def _tell(what: str, spent: list[float]) -> None:
    said = f"p50 {statistics.median(spent):7.1f} ms   p95 {_p95(spent):7.1f} ms   worst {max(spent):7.1f} ms"
    print(f"{what:40} {said}", flush=True)


if __name__ == "__main__":
    main()
