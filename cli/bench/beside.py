"""Something that is done beside the work that is measured."""

import contextlib
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def beside(look: Callable[[threading.Event], None], name: str) -> Iterator[None]:
    """Run `look` in a thread while the block runs; the event that it is given is set when that is enough."""
    enough = threading.Event()
    watcher = threading.Thread(target=look, args=(enough,), daemon=True, name=name)
    watcher.start()
    try:
        yield
    finally:
        enough.set()
        watcher.join()
