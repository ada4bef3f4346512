"""The engines without any way to them: in this process, and through the queue without HTTP."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.bench.clients import Turn
from cli.bench.weights import Weights

if TYPE_CHECKING:
    pass

CAPABILITY: Final = {"ocr": "ocr", "clip_image": "clip", "clip_text": "clip_text", "faces": "face"}
"""What a row's analysis is called inside."""


class Alone:
    """Engines of this process, called directly."""

    def __init__(self, weights: Weights) -> None:
        from engines.registry import Engines

        self.settings = weights.settings()
        self.engines = Engines(self.settings, "cpu")

    def call(self, subject: str) -> Callable[[bytes], Any]:
        """What a worker does for one picture or text, with the model loaded."""
        engine = self.engines.engine(CAPABILITY[subject])
        if subject == "clip_text":
            return lambda text: engine.embed(text.decode())
        from engines.images import decode

        look = {"ocr": "read", "clip_image": "embed", "faces": "find"}[subject]
        enough = getattr(engine, "at_least", None)
        return lambda data: getattr(engine, look)(decode(data, self.settings, enough))


def through_queue(home: Path, subject: str, given: Sequence[bytes], clients: int) -> Turn:
    """Ask the workers of the service in `home` as its API does, without HTTP."""
    return asyncio.run(_ask_all(home, subject, given, clients))


async def _ask_all(home: Path, subject: str, given: Sequence[bytes], clients: int) -> Turn:
    from tasks.analyses import Wanted
    from tasks.dispatch import Dispatch
    from tasks.settings import TaskSettings

    own: dict[str, Any] = {"darkroom_home": home, "redis_url": "", "database_url": "", "blob_url": ""}
    dispatch: Dispatch = Dispatch(TaskSettings(**own))
    waiting, times = iter(given), []

    async def client() -> None:
        for one in waiting:
            started = time.perf_counter()
            if subject == "clip_text":
                await dispatch.text(one.decode())
            else:
                await dispatch.photo(one, [Wanted(CAPABILITY[subject])])
            times.append(time.perf_counter() - started)

    await dispatch.start()
    try:
        started = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        return Turn(len(times) / (time.perf_counter() - started), sorted(times))
    finally:
        await dispatch.stop()
