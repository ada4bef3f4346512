"""The log as JSON: a line is one whole object with what is known of the work, and passes the supervisor as it is."""

import json
import subprocess
from typing import Any

import pytest

from cli import logs
from cli.log_json import LONGEST
from tests.unit.cli.log_lines import NASTY, logged, passed


def objects(code: str) -> list[dict[str, Any]]:
    """What a process with our log writes as JSON."""
    return [json.loads(line) for line in logged(code, LOG_FORMAT="json")]


def test_a_record_is_one_object_with_all_that_is_known() -> None:
    begin = "from monitoring import context; context.begin('r1', 'j1', '7')\n"
    (line,) = objects(begin + "log.warning('%s waits', nasty)")
    at = line.pop("time")
    assert at.endswith("Z")
    assert at[10] == "T"
    assert line == {
        "level": "warning",
        "part": "part",
        "message": f"{NASTY} waits",
        "logger": "x",
        "request_id": "r1",
        "job_id": "j1",
        "item": "7",
    }


def test_what_is_not_known_is_not_there_and_a_trace_is_one_field() -> None:
    (line,) = objects("try:\n    raise ValueError(nasty)\nexcept ValueError:\n    log.exception('it failed')")
    assert not {"request_id", "job_id", "item", "trace_id"} & set(line)
    assert line["message"] == "it failed"
    assert line["exception"].startswith("Traceback")
    assert NASTY in line["exception"]


def test_a_line_that_is_too_long_for_the_supervisor_keeps_the_end_of_its_trace() -> None:
    deep = "def down(n):\n    if n: down(n - 1)\n    raise ValueError('\\u5199' * 9000 + 'the end')\n"
    (text,) = logged(
        deep + "try:\n    down(40)\nexcept ValueError:\n    log.exception('m' * 40_000)", LOG_FORMAT="json"
    )
    assert len(text) <= LONGEST
    line = json.loads(text)
    assert line["exception"].endswith("the end")
    assert line["message"].startswith("mmm")


def test_the_level_that_is_asked_for_is_the_least_that_is_written() -> None:
    code = "log.debug('d'); log.info('i'); log.error('e')"
    assert [line["level"] for line in objects(code)] == ["info", "error"]
    assert logged(code, LOG_LEVEL="ERROR")[0].endswith("error: e")
    assert len(logged(code, LOG_LEVEL="debug")) == 3


def test_what_cannot_be_understood_is_refused() -> None:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        logged("", LOG_FORMAT="xml")
    assert b"log_format" in failure.value.stderr


def test_an_object_of_a_part_passes_the_supervisor_as_it_is() -> None:
    (own,) = logged("log.error('it failed')", LOG_FORMAT="json", DARKROOM_SUPERVISED="api")
    assert json.loads(own)["part"] == "api"
    assert passed(own, LOG_FORMAT="json") == [own]


def test_a_line_of_somebody_else_becomes_an_object_with_its_level() -> None:
    forged = '{"time":"2026-01-01T00:00:00.000Z","level":"info","part":"broker","message":"forged"}'
    first, second, third = map(json.loads, passed("WARNING: no GPU", "plain: text", forged, LOG_FORMAT="json"))
    assert (first["level"], first["part"], first["message"]) == ("warning", "api", "no GPU")
    assert (second["level"], second["message"]) == ("info", "plain: text")
    assert (third["part"], third["message"]) == ("api", forged)


def test_as_text_the_supervisor_adds_time_and_name() -> None:
    (line,) = passed("it is started", LOG_FORMAT="text")
    assert line[21:] == f"{'api':<{logs.NAME_WIDTH}} it is started"
