"""A browser, and windows of it that must stay without errors."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Service
from tests.e2e.browsing import Visit, lacking, running
from tests.integration.conftest import own_service, start

__all__ = ["own_service", "start"]

Open = Callable[..., Visit]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where there is no browser or no page, say how to get it."""
    reason = lacking()
    for item in items:
        if reason and "e2e" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason))


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """One browser for all these tests."""
    with running() as made:
        yield made


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Opens a window on a service; the test fails on any error that a window saw."""
    made: list[Visit] = []

    def _visit(service: Service, **context: Any) -> Visit:
        made.append(Visit(browser, service.url, **context))
        return made[-1]

    yield _visit
    for window in made:
        window.close()
    assert [line for window in made for line in window.unexpected()] == []
