"""Processes of one host count together, whoever of them dies."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from monitoring import exposition, slots

WORK = """
import sys
from monitoring import metrics
metrics.PDF_REQUESTS.inc(2)
metrics.OCR_REQUESTS.labels("pdf").inc()
metrics.HTTP_IN_FLIGHT.inc()
metrics.QUEUE_WAIT.labels("bulk.jobs").observe(0.2)
metrics.GPU_USED.labels("cuda:0").set(int(sys.argv[1]))
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(slots.FOLDER, str(tmp_path))
    return tmp_path


@contextmanager
def process(used: int = 7) -> Iterator[subprocess.Popen[str]]:
    """One that has counted, and lives until the block ends; then it is killed."""
    command = [sys.executable, "-c", WORK, str(used)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert child.stdout is not None
    assert child.stdin is not None
    with child:
        assert child.stdout.readline() == "counted\n"
        try:
            yield child
        finally:
            child.kill()


def told(name: str, **labels: str) -> float | None:
    """What a scrape says now."""
    families = text_string_to_metric_families(exposition.text().decode())
    samples = (sample for family in families for sample in family.samples)
    return next((sample.value for sample in samples if (sample.name, sample.labels) == (name, labels)), None)


def test_a_scrape_tells_the_sums_of_all_processes(folder: Path) -> None:
    with process(), process(), process():
        assert told("pdf_requests_total") == 6
        assert told("ocr_requests_total", kind="pdf") == 3
        assert told("http_in_flight_requests") == 3
        assert told("darkroom_queue_wait_seconds_count", queue="bulk.jobs") == 3
        assert told("darkroom_queue_wait_seconds_bucket", queue="bulk.jobs", le="0.1") == 0
        assert told("darkroom_queue_wait_seconds_bucket", queue="bulk.jobs", le="0.25") == 3


def test_what_a_killed_process_was_doing_is_forgotten_and_what_it_did_is_not(folder: Path) -> None:
    with process(7):
        with process(9):
            assert told("http_in_flight_requests") == 2
        assert told("http_in_flight_requests") == 1
        assert told("darkroom_gpu_memory_used_bytes", device="cuda:0") == 7
        assert told("pdf_requests_total") == 4
    assert told("pdf_requests_total") == 4
    assert told("http_in_flight_requests") is None


def test_however_often_processes_are_replaced_no_sum_goes_back_and_no_files_pile_up(folder: Path) -> None:
    files: set[frozenset[str]] = set()
    for round_ in range(1, 7):
        with ExitStack() as alive:
            for _ in range(2):
                alive.enter_context(process())
            assert told("pdf_requests_total") == 4 * round_
            assert told("darkroom_queue_wait_seconds_count", queue="bulk.jobs") == 2 * round_
            assert told("http_in_flight_requests") == 2
            files.add(frozenset(path.name for path in folder.iterdir()))
    assert len(files) == 1, "each pair took over the files of the pair before"


def test_a_process_by_itself_makes_no_files(tmp_path: Path) -> None:
    code = "from monitoring import exposition, metrics; metrics.PDF_REQUESTS.inc(); "
    code += "assert b'pdf_requests_total 1.0' in exposition.text()"
    env = {name: value for name, value in os.environ.items() if name != slots.FOLDER}
    subprocess.run([sys.executable, "-c", code], check=True, env=env | {"PYTHONPATH": str(Path.cwd())}, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_sums_are_written_as_prometheus_client_writes_them(folder: Path) -> None:
    with process(), process():
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        theirs, ours = (read(text) for text in (generate_latest(registry), exposition.text()))
    assert ours == theirs
    assert {"http_in_flight_requests", "pdf_requests", "darkroom_queue_wait_seconds"} <= ours.keys()


def read(text: bytes) -> dict[str, tuple[str, str, set[tuple[str, frozenset[tuple[str, str]], float]]]]:
    """Families by name: type, text and samples."""
    return {
        family.name: (
            family.type,
            family.documentation,
            {(sample.name, frozenset(sample.labels.items()), sample.value) for sample in family.samples},
        )
        for family in text_string_to_metric_families(text.decode())
    }


def test_odd_labels_are_escaped(folder: Path) -> None:
    odd = """back\\slash, "quotes" and\nlines"""
    code = f"from monitoring import metrics; metrics.ERRORS.labels({odd!r}).inc()"
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))
    assert told("darkroom_errors_total", code=odd) == 1
