"""Requests made of our own OpenAPI description, right ones and wrong ones: none is a fault of ours."""

import re
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.conftest import Service, picture

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
EXAMPLES: Final = 15
"""For each operation."""

LEFT_OUT: Final = re.compile("/restart|/api/auth/register|/stream$")
"""What ends the workers under test, what is slow by design (a password's hash), and what waits for a document's end."""


def test_no_request_that_our_description_allows_or_not_is_a_fault_of_ours(service: Service) -> None:
    description = schemathesis.openapi.from_dict(service.http.get("/api/openapi.json").json())
    operations = [each.ok() for each in description.get_all_operations()]
    wanted = [each for each in operations if not LEFT_OUT.search(each.path)]
    answers: dict[str, set[int]] = {each.label: set() for each in wanted}

    for operation in wanted:

        @settings(
            max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            if case.path.endswith("/events"):
                case.query = {**(case.query or {}), "follow": "false"}
            answer = case.call(base_url=service.url, timeout=60)
            answers[case.operation.label].add(answer.status_code)
            assert answer.status_code < 500 or answer.status_code == 503, (case.as_curl_command(), answer.text[:500])

        ask()

    assert len(wanted) > 30
    assert all(answers.values()), "each operation was asked"
    assert {200, 400, 404, 422} <= set().union(*answers.values())
    answer = service.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())})
    assert answer.status_code == 200, "the next request is served"
