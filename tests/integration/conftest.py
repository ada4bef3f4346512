"""Services that a test may harm."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Service

Start = Callable[..., Service]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a service of the test's own with these variables; it is stopped with the test."""
    made: list[Service] = []

    def _start(**env: str) -> Service:
        library = tmp_path / "library"
        library.mkdir(exist_ok=True)
        made.append(Service(tmp_path / "home", library, **env))
        return made[-1]

    yield _start
    for service in made:
        service.http.close()
        if service.child.poll() is None:
            service.stop()


@pytest.fixture
def own_service(start: Start) -> Service:
    """A service of the test's own."""
    return start()
