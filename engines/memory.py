"""Give freed memory back to the system."""

import ctypes
import gc
import sys
from collections.abc import Callable
from functools import cache


def release() -> None:
    """Collect what nobody refers to, and hand the allocator's free pages back where it is glibc's."""
    gc.collect()
    _trim()()


@cache
def _trim() -> Callable[[], object]:
    if not sys.platform.startswith("linux"):
        return lambda: None
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return lambda: None  # musl gives freed memory back by itself
    return lambda: trim(0)
