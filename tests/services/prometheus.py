"""A Prometheus of the tests' own, with our configuration and rules; only its clock runs faster."""

import contextlib
import math
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

OURS: Final = Path(__file__).parents[2] / "monitoring"
STEP: Final = "1s"
"""How often it scrapes and evaluates, and how long an alert is pending."""

Series = dict[tuple[tuple[str, str], ...], float]


class Prometheus:
    """A running server.

    Attributes:
        url: where it answers.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=10)

    def ready(self) -> bool:
        """Whether it serves."""
        with contextlib.suppress(httpx.TransportError):
            return self._http.get("/-/ready").status_code == 200
        return False

    def ask(self, expr: str) -> Series:
        """What an expression says now, by labels; fails where it is none."""
        return {_labels(each): float(each["value"][1]) for each in self._answer("query", query=expr)}

    def value(self, expr: str) -> float | None:
        """The one number that an expression says now; None where it says nothing yet."""
        found = list(self.ask(expr).values())
        assert len(found) <= 1, found
        return found[0] if found else None

    def past(self, expr: str, seconds: float) -> list[float]:
        """The numbers that an expression said during the last seconds, of all its series."""
        now = time.time()
        series = self._answer("query_range", query=expr, start=str(now - seconds), end=str(now), step=STEP)
        return [number for each in series for _, text in each["values"] if not math.isnan(number := float(text))]

    def firing(self) -> list[dict[str, str]]:
        """Labels of the alerts that fire."""
        found = self._get("/api/v1/alerts")["alerts"]
        return [dict(each["labels"]) for each in found if each["state"] == "firing"]

    def unhealthy(self) -> list[str]:
        """Rules that could not be evaluated, and targets that do not answer, each with the reason."""
        rules = [rule for group in self._get("/api/v1/rules")["groups"] for rule in group["rules"]]
        targets = self._get("/api/v1/targets")["activeTargets"]
        bad = [f"{rule['name']}: {rule.get('lastError', '')}" for rule in rules if rule["health"] == "err"]
        return bad + [f"{each['scrapeUrl']}: {each['lastError']}" for each in targets if each["health"] == "down"]

    def close(self) -> None:
        """Close the connections to it."""
        self._http.close()

    def _answer(self, path: str, **form: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get(f"/api/v1/{path}", **form)["result"]
        return found

    def _get(self, path: str, **form: str) -> dict[str, Any]:
        answer = self._http.get(path, params=form).json()
        assert answer["status"] == "success", f"{form}: {answer}"
        return dict(answer["data"])


@contextlib.contextmanager
def running(program: str, targets: Mapping[str, list[str]]) -> Iterator[Prometheus]:
    """A new server that scrapes these.

    Args:
        program: `prometheus`.
        targets: addresses by the name of their file in monitoring/targets; the others are empty.
    """
    folder = Path(tempfile.mkdtemp(prefix="dr-prometheus-"))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"
    _configure(folder, address, targets)
    words = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, *words, f"--web.listen-address={address}"], stdout=log, stderr=log)
    made = Prometheus(f"http://{address}")
    try:
        deadline = time.monotonic() + 30
        while not made.ready():
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, f"{program} does not answer"
            time.sleep(0.05)
        yield made
    finally:
        made.close()
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _configure(folder: Path, address: str, targets: Mapping[str, list[str]]) -> None:
    """Our files, with other targets and a faster clock."""
    whole = yaml.safe_load((OURS / "prometheus.yml").read_text())
    whole["global"] = {"scrape_interval": STEP, "evaluation_interval": STEP}
    for job in whole["scrape_configs"]:
        if job["job_name"] == "prometheus":
            job["static_configs"] = [{"targets": [address]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(whole))
    for name in whole["rule_files"]:
        rules = yaml.safe_load((OURS / name).read_text())
        for rule in (rule for group in rules["groups"] for rule in group["rules"] if "for" in rule):
            rule["for"] = STEP
        (folder / name).write_text(yaml.safe_dump(rules))
    (folder / "targets").mkdir()
    for file in (OURS / "targets").iterdir():
        chosen = targets.get(file.stem, [])
        (folder / "targets" / file.name).write_text(yaml.safe_dump([{"targets": chosen}] if chosen else []))


def _labels(each: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(each["metric"].items()))
