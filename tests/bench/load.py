"""Many workers that only lease and finish, against a PostgreSQL of their own: `python -m tests.bench.load`.

Each process is a fake worker with the real `Jobs` and a real Redis: it draws a lease, spends no time on its photos,
and records outcomes in the sizes that `tasks.finished` writes. So what is measured is the most that the store and the
broker take, without any engine. How it scales with workers tells what they wait for.

With `--pause 0.5 --threads 5 --workers 20` a hundred fake workers take half a second for each photo and write each at
once, as real ones do: a fleet of 100 workers as its store and its broker see it.
"""

import argparse
import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from tasks import events, finished
from tasks.broker import connect
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store.models import items
from tasks.store.models import jobs as job_table
from tasks.store.session import Store
from tests.services import postgres, programs, redis_server

BODY: dict[str, Any] = {
    "lines": [{"text": "a line of text", "box": [[10, 10], [90, 10], [90, 30], [10, 30]], "score": 0.98}] * 8
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How fake workers work.

    Attributes:
        threads: fake workers of a process.
        lease: photos that one draws at once.
        batch: outcomes that it writes at once.
        pause: seconds that it takes for a photo.
    """

    threads: int
    lease: int
    batch: int
    pause: float


def work(database: str, broker: str, name: str, habits: Habits, begin: Any) -> None:
    """Draw and finish until nothing is left."""
    store, client = Store(database), connect(broker)
    with ThreadPoolExecutor(habits.threads) as pool:
        begin.wait()
        names = [f"{name}-{number}/i" for number in range(habits.threads)]
        list(pool.map(lambda owner: _work(Jobs(store), client, owner, habits), names))
    client.close()
    store.close()


def _work(board: Jobs, client: Any, owner: str, habits: Habits) -> None:
    while (drawn := board.draw(owner, "bulk", habits.lease, 90)) is not None:
        for start in range(0, len(drawn.items), habits.batch):
            some = drawn.items[start : start + habits.batch]
            time.sleep(habits.pause * len(some))
            board.finish_all(drawn.job_id, [(item.id, _outcome(item.id)) for item in some])
            events.wake(client, drawn.job_id)
        board.release(owner)


def _outcome(item_id: int) -> Outcome:
    found = Finding("ocr", "PP-OCRv5", "1", 4000, 3000, BODY)
    return Outcome({}, sha256=f"{item_id:064x}", width=4000, height=3000, found=(found,))


def measure(database: str, broker: str, workers: int, photos: int, jobs: int, habits: Habits) -> dict[str, float]:
    """Photos a second, commits a photo, Redis commands a photo, and bytes a photo on disk, in one run."""
    store = Store(database)
    board, client = Jobs(store), connect(broker)
    with store.write() as connection:
        connection.execute(text("TRUNCATE jobs, items, events, results RESTART IDENTITY CASCADE"))
    for _ in range(jobs):
        job_id = board.create("library", ["ocr"], listing=True)
        for start in range(0, photos // jobs, 1000):
            names = range(start, min(start + 1000, photos // jobs))
            board.add_items(
                job_id, [NewItem(f"2019/07/IMG_{n:07}.jpg", path=f"/photos/2019/07/IMG_{n:07}.jpg") for n in names]
            )
        board.finish_listing(job_id)
    before, commands = _commits(store), _commands(client)
    context = multiprocessing.get_context("spawn")
    begin = context.Barrier(workers + 1)
    processes = [context.Process(target=work, args=(database, broker, f"w{n}", habits, begin)) for n in range(workers)]
    for process in processes:
        process.start()
    begin.wait()
    started, cpu = time.monotonic(), os.times()
    for process in processes:
        process.join()
    spent = time.monotonic() - started
    with store.read() as connection:
        left = connection.execute(select(items.c.id).where(items.c.state != "done")).first()
        assert left is None, "every photo is done"
        assert set(connection.scalars(select(job_table.c.state))) == {"completed"}
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        deadlocks = connection.scalar(text(query)) or 0
        size = connection.scalar(text("SELECT pg_database_size(current_database())")) or 0
    found = {
        "photos_per_s": photos / spent,
        "commits_per_photo": (_commits(store) - before) / photos,
        "redis_per_photo": (_commands(client) - commands) / photos,
        "bytes_per_photo": size / photos,
        "deadlocks": deadlocks,
        "workers_cpu_s": os.times().children_user
        + os.times().children_system
        - cpu.children_user
        - cpu.children_system,
    }
    store.close()
    return found


def _commits(store: Store) -> int:
    time.sleep(1.2)  # the server's counts are written once a second
    with store.read() as connection:
        query = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.scalar(text(query)) or 0)


def _commands(client: Any) -> int:
    return int(client.info("stats")["total_commands_processed"])


def main() -> None:
    """Print one line for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--photos", type=int, default=4000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--lease", type=int, default=32)
    parser.add_argument("--batch", type=int, default=finished.MOST)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.0)
    asked = parser.parse_args()
    habits = Habits(asked.threads, asked.lease, asked.batch, asked.pause)
    with postgres.running(fsync=True) as server, redis_server.running(programs.redis() or "") as broker:
        database = server.migrated()
        for workers in asked.workers:
            found = measure(database, broker, workers, asked.photos, asked.jobs, habits)
            load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
            print(
                f"{workers:4} workers:", ", ".join(f"{name} {value:.4g}" for name, value in found.items()), f"({load})"
            )


if __name__ == "__main__":
    main()
