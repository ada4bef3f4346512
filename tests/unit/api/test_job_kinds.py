"""A kind of job that a client may see is one that the gauges count."""

from typing import get_args

from api.schemas.jobs import Kind
from tasks.gauges import JOB_KINDS


def test_every_kind_of_job_is_counted() -> None:
    assert set(get_args(Kind)) == set(JOB_KINDS)
