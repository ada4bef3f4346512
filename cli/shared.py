"""What the parts of a service import, imported once before they begin as copies of the supervisor.

Nothing here may start a thread, hold a file open or touch a device: no copy would have it, or all would have the same.
"""

import asyncio
import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from typing import Final

from cli import forking

WORKER: Final = (
    "tasks.worker",
    *("cli.log_settings", "sqlite3.dbapi2", "kombu.transport.redis", "kombu.pidbox"),
    *("celery.app.amqp", "celery.app.control", "celery.app.events", "celery.app.log", "celery.backends.base"),
    *("celery.apps.worker", "celery.worker.autoscale", "celery.worker.components", "celery.worker.strategy"),
    *("celery.worker.consumer", "celery.worker.consumer.delayed_delivery", "celery.concurrency.thread"),
    *("celery.fixups.django", "billiard.pool"),
)
API: Final = (
    "api.main",
    *("api.connections", "uvicorn", "uvicorn.loops.uvloop", "uvicorn.lifespan.on", "fastapi.telemetry._runtime"),
)
METRICS: Final = "monitoring.metrics"


async def load(names: Sequence[str]) -> None:
    """Import modules one by one, where this process can be copied; what cannot be imported, its part will tell."""
    if not forking.possible():
        return
    _later(METRICS)
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
        await asyncio.sleep(0)


def _later(name: str) -> None:
    """Have a module run when it is first used: each process has a place of its own in which its metrics count."""
    spec = None if name in sys.modules else importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    package, _, attribute = name.rpartition(".")
    sys.modules[name] = module
    spec.loader.exec_module(module)
    setattr(sys.modules[package], attribute, module)


def run() -> None:
    """What a part runs as a copy: the program, by `sys.argv`."""
    from cli.main import main

    vars(importlib.import_module(METRICS))  # now, as no two threads may be the first to use it
    main()
