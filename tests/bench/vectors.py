"""`python -m tests.bench.vectors`: the search for neighbours among many vectors, as a service does it, in a database of
its own. How long and how large the index is to be built, how long a search takes, and how much of the truth it finds.

The vectors are drawn as a library's may lie: of a subject there are some two hundred photos, each subject mixes a few
dozen of a hundred directions, and each photo mixes some of its own into that and has noise. Questions are further
photos of these subjects. Numbers without any order would be like nothing that a model gives.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import numpy as np
import psutil
import typer
from numpy.typing import NDArray
from sqlalchemy import insert, text

from cli.bench.rows import Row, row
from tasks.search.filters import Filters
from tasks.search.nearest import Nearest, Space, all_spaces
from tasks.store.models import spaces, vectors
from tasks.store.rows import add
from tasks.store.session import Store, migrate

Matrix = NDArray[np.float32]
DIM: Final = 512
MODEL: Final = "drawn"
DIRECTIONS: Final = 96
SUBJECTS: Final = 5000
BLOCK: Final = 20_000
SEARCHES: Final = 400
WANTED: Final = 500
"""Photos, as a search asks for."""

TOP: Final = 10


def drawn(count: int, seed: int) -> Iterator[Matrix]:
    """Vectors of length one, float32 [some, DIM]."""
    common = np.random.default_rng(0)
    directions = common.standard_normal((DIRECTIONS, DIM), np.float32)
    subjects = _sparse(common, SUBJECTS)
    for start in range(0, count, BLOCK):
        some = np.random.default_rng((seed, start))
        shape = min(BLOCK, count - start)
        parts = subjects[some.integers(0, SUBJECTS, shape)] + 0.6 * _sparse(some, shape)
        made = parts @ directions + 2 * some.standard_normal((shape, DIM), np.float32)
        yield made / np.linalg.norm(made, axis=1, keepdims=True)


def _sparse(source: np.random.Generator, count: int) -> Matrix:
    parts = source.standard_normal((count, DIRECTIONS), np.float32)
    parts[source.random(parts.shape, np.float32) > 0.3] = 0
    return parts


def photographed(store: Store, count: int) -> None:
    """So many photos, ids from 1; a hundredth of them in the folder /a, a thousandth in /b."""
    photo = "INSERT INTO photos (sha256, page, name, folder, width, height) VALUES (:sha256, 0, :name, :folder, 1, 1)"
    for start in range(1, count + 1, BLOCK):
        numbers = range(start, min(start + BLOCK, count + 1))
        folders = ["/b" if n % 1000 == 0 else "/a" if n % 100 == 1 else "/c" for n in numbers]
        names = [{"sha256": f"{n:064}", "name": f"{n}.jpg", "folder": f} for n, f in zip(numbers, folders, strict=True)]
        with store.write() as connection:
            connection.execute(text(photo), names)


def looked_at(store: Store, count: int) -> Space:
    """A vector for each of so many photos, ids from 1."""
    made = insert(spaces).values(kind="clip", model=MODEL, revision="1", dim=DIM)
    with store.write() as connection:
        space = connection.execute(made.returning(spaces.c.id)).scalar_one()
    first = 1
    for some in drawn(count, 1):
        rows = [
            {"space": space, "photo_id": n, "data": one.astype("<f2").tobytes(), "at": 0.0}
            for n, one in enumerate(some, first)
        ]
        with store.write() as connection:
            add(connection, insert(vectors), rows)
        first += len(some)
    with store.read() as connection:
        return all_spaces(connection)[0]


def build(home: Path, space: Space, upto: int, url: str = "") -> tuple[float, float]:
    """Seconds and MiB of the builder's process; `url` of a database that is not SQLite's in `home`."""
    words = [sys.executable, "-m", "tasks.search.nearest.build", str(space.id), str(upto)]
    environment = {**os.environ, "DARKROOM_HOME": str(home), "DATABASE_URL": url}
    started = time.monotonic()
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE) as child:  # it ends where our end is closed
        assert child.wait() == 0
    return time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def exact(store: Store, queries: Matrix) -> NDArray[np.int64]:
    """The ids of the nearest vectors, [queries, TOP], by comparing all."""
    ids = np.zeros((len(queries), 0), np.int64)
    scores = np.zeros((len(queries), 0), np.float32)
    query = text("SELECT id, data FROM vectors ORDER BY id").execution_options(yield_per=BLOCK)
    with store.read() as connection:
        for some in connection.execute(query).partitions():
            block = np.frombuffer(b"".join(each.data for each in some), "<f2").reshape(-1, DIM).astype(np.float32)
            ids = np.hstack([ids, np.tile([each.id for each in some], (len(queries), 1))])
            scores = np.hstack([scores, queries @ block.T])
            best = np.argsort(-scores, axis=1)[:, :TOP]
            ids, scores = np.take_along_axis(ids, best, 1), np.take_along_axis(scores, best, 1)
    return ids


def timed(act: Callable[[Matrix], Any], queries: Matrix) -> tuple[list[Any], dict[str, float]]:
    """What each search answers, and how long they take, ms."""
    answers, spent, cpu = [], [], time.process_time()
    for query in queries:
        started = time.perf_counter()
        answers.append(act(query))
        spent.append((time.perf_counter() - started) * 1000)
    cpu = (time.process_time() - cpu) * 1000 / len(queries)
    cuts = quantiles(spent, n=100)
    return answers, {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "cpu ms": round(cpu, 2)}


def measure(count: int, home: Path) -> list[Row]:
    """The rows of a bench, for so many vectors."""
    url = f"sqlite:///{home / 'darkroom.db'}"
    migrate(url)
    store = Store(url)
    photographed(store, count)
    space = looked_at(store, count)
    seconds, memory = build(home, space, count)
    index = sum(file.stat().st_size for file in (home / "search").glob("*.usearch")) / 2**20
    queries = next(iter(drawn(SEARCHES, 2)))
    nearest = Nearest(store, home)

    def search(limits: Filters | None = None) -> Callable[[Matrix], Any]:
        def ask(query: Matrix) -> Any:
            with store.read() as connection:
                return nearest.find(connection, space, query.tolist(), limits, WANTED)

        return ask

    before = psutil.Process().memory_info().rss
    opened = time.perf_counter()
    search()(queries[0])
    opened = time.perf_counter() - opened
    found, times = timed(search(), queries)
    held = (psutil.Process().memory_info().rss - before) / 2**20
    truth = exact(store, queries)
    hit = [len({h.vector_id for h in hits[:TOP]} & set(best.tolist())) for hits, best in zip(found, truth, strict=True)]
    limited = {folder: timed(search(Filters(folder=folder)), queries[:100])[1] for folder in ("/a", "/b")}
    store.close()
    detail = {"vectors": count, "numbers": DIM, "first search s": round(opened, 2), "index MiB": round(index)}
    return [
        row("vectors_build", "s", seconds, detail=detail | {"peak MiB": round(memory)}),
        row(
            "vectors_search",
            "ms p95",
            times["p95"],
            accuracy={f"recall at {TOP}": round(sum(hit) / TOP / len(hit), 4)},
            detail=detail | times | {"resident MiB": round(held)},
        ),
        row("vectors_1_percent", "ms p95", limited["/a"]["p95"], detail=detail | limited["/a"]),
        row("vectors_1_permille", "ms p95", limited["/b"]["p95"], detail=detail | limited["/b"]),
    ]


def main(count: int = 1_000_000, folder: Path | None = None) -> None:
    """Measure, and print a row a line."""
    with tempfile.TemporaryDirectory(prefix="darkroom-vectors-", dir=folder) as home:
        for each in measure(count, Path(home)):
            print(each)


if __name__ == "__main__":
    typer.run(main)
