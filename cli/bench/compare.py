"""One row: Darkroom and the reference server at its best by turns, the engine alone, each protocol, and the limit."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.progress import Progress, TaskID

from cli.bench.alone import Alone, through_queue
from cli.bench.clients import Asker, Fresh, Request, Turn, turn
from cli.bench.doors import Door, doors
from cli.bench.limit import Limit
from cli.bench.limit import measure as limit_of
from cli.bench.meter import Peak
from cli.bench.plan import TUNED_AT, Plan
from cli.bench.reference.process import running
from cli.bench.reference.setting import Setting, candidates
from cli.bench.rows import Row, row
from cli.bench.subject import Subject
from cli.bench.weights import DLIB, Weights


@dataclass(slots=True)
class Side:
    """One of the two servers while both are measured.

    Attributes:
        turns: by number of clients.
    """

    url: str
    process: psutil.Process
    peak: Peak = field(default_factory=Peak)
    turns: dict[int, list[Turn]] = field(default_factory=dict)

    def take_turn(self, requests: Sequence[Request], clients: int, lead: int = 0) -> None:
        """Measure it once more; see `turn`."""
        with Asker(self.url) as ask:
            self.turns.setdefault(clients, []).append(turn(ask, requests, clients, self.process, self.peak, lead))

    def best(self) -> tuple[int, float]:
        """With how many clients it answers most, and how many answers a second that are."""
        rates = {clients: median(one.rate for one in turns) for clients, turns in self.turns.items()}
        clients = max(rates, key=lambda count: rates[count])
        return clients, rates[clients]

    def cpu(self) -> float:
        """CPU seconds an answer there."""
        return median(one.cpu for one in self.turns[self.best()[0]])

    def lonely_ms(self) -> float:
        """Median of what one client alone waits for."""
        return 1000 * median(one.p50 for one in self.turns[min(self.turns)])

    def as_json(self) -> dict[str, Any]:
        """All that is known of it."""
        return {
            "clients": {
                count: {
                    "rate": median(one.rate for one in turns),
                    "p50_ms": 1000 * median(one.p50 for one in turns),
                    "p95_ms": 1000 * median(one.p95 for one in turns),
                    "cpu_s": median(one.cpu for one in turns),
                }
                for count, turns in sorted(self.turns.items())
            },
            "lonely_ms": self.lonely_ms(),
            "cpu_s": self.cpu(),
            "memory_mb": self.peak.bytes / 1e6,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """A row, and what later rows want to know of it."""

    row: Row
    setting: Setting
    limit: Limit


class Steps:
    """A progress bar that says what is done now."""

    def __init__(self, bar: Progress, name: str, total: int) -> None:
        self._bar, self._name = bar, name
        self._task: TaskID = bar.add_task(name, total=total)

    def __call__(self, what: str) -> None:
        """The next step begins; where no bar can be drawn it is a line."""
        if not self._bar.console.is_terminal:
            self._bar.console.print(f"{self._name}: {what}", style="dim", highlight=False)
        self._bar.update(self._task, advance=1, description=f"{self._name}: {what}")

    def end(self) -> None:
        """The row is measured."""
        self._bar.remove_task(self._task)


def compare(asked: Subject, weights: Weights, plan: Plan, bar: Progress) -> Measured:
    """Measure one row."""
    tried = candidates(asked.name, plan.settings)
    each = len(plan.clients)
    steps = Steps(bar, asked.name, len(tried) + 3 + 2 * each * plan.turns + 4 * each)
    ways = doors(asked.name, weights.model(asked.name))
    fresh = Fresh(asked.given, marked=asked.name != "clip_text")
    setting, tuning = _tune(asked, weights, tried, ways[0], fresh, steps)
    steps("the machine's limit")
    alone = Alone(weights)
    limit = limit_of(asked.name, asked.given, weights, alone)
    others: dict[str, dict[int, float]] = {"engine": _engine(alone, asked, fresh, plan, steps)}
    alone.engines.unload()
    with both(asked.preload, weights, {asked.name: setting}) as (ours, theirs, home):
        steps("the same answers")
        found = [_answers(side, asked, ways[0]) for side in (ours, theirs)]
        counts = [_count(asked, len(asked.given) / spent, plan) for _, spent in found]
        for clients in plan.clients:
            for number in range(plan.turns):
                order = ((ours, counts[0]), (theirs, counts[1]))
                for side, count in order if number % 2 == 0 else reversed(order):
                    steps(f"{'Darkroom' if side is ours else 'reference'}, {clients} clients")
                    side.take_turn([ways[0].request(one) for one in fresh.take(count + 2 * clients)], clients, clients)
        others |= _others(ours, home, asked, ways, fresh, plan, steps)
    if plan.turns > 1:  # others may have kept the machine busy before: the faster one is nearer to what it can do
        steps("the machine's limit again")
        limit = min(limit, limit_of(asked.name, asked.given, weights, alone), key=lambda one: -one.rate)
        alone.engines.unload()
    steps.end()
    accuracy = asked.judge(found[0][0], found[1][0], weights.faces == DLIB)
    return Measured(_row(asked, ours, theirs, limit, accuracy, others, setting, tuning), setting, limit)


@contextlib.contextmanager
def both(preload: str, weights: Weights, settings: dict[str, Setting], **env: str) -> Iterator[tuple[Side, Side, Path]]:
    """A service and the reference server, both with models loaded; and the service's folder."""
    from cli.own_service import own_service

    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        home = Path(folder) / "home"
        own = {**weights.env, "PRELOAD": preload, "DOCUMENT_ENGINE": "classic", **env}
        with own_service(home, own) as service, running(weights, settings) as server:
            ours = Side(service.url, psutil.Process(service.pid))
            yield ours, Side(server.url, server.process), home


def _tune(
    asked: Subject, weights: Weights, tried: Sequence[Setting], door: Door, fresh: Fresh, steps: Steps
) -> tuple[Setting, dict[str, float]]:
    """The setting with which the reference answers most at 8 clients, and what each came to."""
    rates: dict[Setting, float] = {}
    for setting in tried:
        steps(f"reference with {setting}")
        with running(weights, {asked.name: setting}) as server, Asker(server.url) as ask:
            turn(ask, [door.request(one) for one in fresh.take(2)], 2)
            requests = [door.request(one) for one in fresh.take(max(len(asked.given), TUNED_AT))]
            rates[setting] = turn(ask, requests, TUNED_AT).rate
    best = max(rates, key=lambda setting: rates[setting])
    return best, {str(setting): round(rate, 3) for setting, rate in rates.items()}


def _answers(side: Side, asked: Subject, door: Door) -> tuple[list[Any], float]:
    """What a side says of everything, asked once, and the seconds that it took; it warms up by that."""
    with Asker(side.url) as ask:
        ask(door.request(asked.given[0] + b" "))
        started = time.perf_counter()
        bodies = [ask(door.request(one)) for one in asked.given]
        return [door.read(body) for body in bodies], time.perf_counter() - started


def _count(asked: Subject, rate: float, plan: Plan) -> int:
    """Questions of one turn: everything as often as the time allows, at least once."""
    rounds = max(1, round(rate * plan.seconds / len(asked.given)))
    return rounds * len(asked.given)


def _engine(alone: Alone, asked: Subject, fresh: Fresh, plan: Plan, steps: Steps) -> dict[int, float]:
    """Rates of the engine in this process, by threads that call it."""
    call = alone.call(asked.name)
    call(asked.given[0])
    rates = {}
    for clients in plan.clients:
        steps(f"engine alone, {clients} threads")
        given = [Request("", {}, one) for one in fresh.take(len(asked.given))]
        rates[clients] = turn(lambda request: call(request.body), given, clients).rate
    return rates


def _others(
    ours: Side, home: Path, asked: Subject, ways: Sequence[Door], fresh: Fresh, plan: Plan, steps: Steps
) -> dict[str, dict[int, float]]:
    """Rates through the queue without HTTP, and through the other protocols, by clients."""
    rates: dict[str, dict[int, float]] = {"queue": {}, **{door.name: {} for door in ways}}
    rates[ways[0].name] = {count: median(one.rate for one in turns) for count, turns in ours.turns.items()}
    for clients in plan.clients:
        steps(f"through the queue, {clients} clients")
        rates["queue"][clients] = through_queue(home, asked.name, fresh.take(len(asked.given)), clients).rate
        for door in ways[1:]:
            steps(f"{door.name}, {clients} clients")
            requests = [door.request(one) for one in fresh.take(len(asked.given))]
            with Asker(ours.url) as ask:
                rates[door.name][clients] = turn(ask, requests, clients).rate
    return rates


def _row(
    asked: Subject,
    ours: Side,
    theirs: Side,
    limit: Limit,
    accuracy: dict[str, float],
    ways: dict[str, dict[int, float]],
    setting: Setting,
    tuning: dict[str, float],
) -> Row:
    rate, reference = ours.best()[1], theirs.best()[1]
    detail = {
        "ours": ours.as_json(),
        "reference": {**theirs.as_json(), "setting": str(setting), "tuning": tuning},
        "limit": {
            "rate": limit.rate,
            "cpu_s": limit.cpu_s,
            "decode_ms": 1000 * limit.decode.wall,
            "model_ms": 1000 * limit.model.wall,
            "how": limit.how,
        },
        "ways": ways,
        "items": len(asked.given),
        "load": round(os.getloadavg()[0], 2),
    }
    return row(
        asked.name,
        asked.unit,
        rate,
        cpu_s_per_item=ours.cpu(),
        reference=reference,
        ratio=rate / reference,
        limit_share=rate / limit.rate,
        accuracy=accuracy,
        detail=detail,
    )
