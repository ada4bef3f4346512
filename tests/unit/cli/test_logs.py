"""The log: one record is one line, whatever is in the names that it tells of."""

import logging

from tasks.names import plain, visible
from tests.unit.cli.log_lines import logged


def test_a_name_with_lines_in_it_is_one_line_that_shows_them() -> None:
    (line,) = logged("log.warning('%s of job 1 waits', nasty)")
    assert line.isprintable()
    assert "  part             warning: a\\n2026-01-01" in line
    assert "forged\\r\\x1b[2Jb\\u202ec\\u2028d\\x85e\\x00f of job 1 waits" in line


def test_what_needs_attention_names_the_request_or_the_job_and_the_rest_does_not() -> None:
    begin = "from monitoring import context; context.begin('r1', 'j1')\n"
    first, second = logged(begin + "log.info('loaded'); log.warning('slow')")
    assert first.endswith("  part             loaded")
    assert second.endswith("warning: slow [request r1, job j1]")


def test_lines_of_a_trace_are_set_in_so_that_none_looks_like_a_record() -> None:
    first, *trace = logged("try:\n    raise ValueError(nasty)\nexcept ValueError:\n    log.exception('it failed')")
    assert first.endswith("error: it failed")
    assert len(trace) >= 3
    assert all(line.startswith("    ") and line.isprintable() for line in trace)
    assert trace[-1].startswith("    2026-01-01 00:00:00  api  warning: forged")


def test_other_letters_stay_as_they_are() -> None:
    text = "写真 ünï שלום 📷 'quoted' \\n"
    assert visible(text) == plain(text) == text
    assert plain("a\x00b\n\u202ec\ud800") == "abc?"


def test_the_root_logger_is_left_to_those_who_configure_it() -> None:
    assert all(type(handler.formatter).__module__ != "cli.logs" for handler in logging.getLogger().handlers)
