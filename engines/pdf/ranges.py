"""Pages of a document as people write them."""

import re
from typing import Final

from engines.document.errors import PdfTooLarge

_RANGE: Final = re.compile(r"\s*(\d{1,9})?\s*(-)?\s*(\d{1,9})?\s*")


def page_numbers(spec: str | None, count: int) -> list[int]:
    """Pages of a specification such as `1-3,7` or `5-`, each once, in order; all without one.

    Raises:
        PdfTooLarge: it cannot be understood, or the document has none of them.
    """
    if not spec or not spec.strip():
        return list(range(1, count + 1))
    wanted: set[int] = set()
    for part in spec.split(","):
        match = _RANGE.fullmatch(part)
        if match is None or not (match[1] or match[3]) or (match[1] and match[3] and not match[2]):
            raise PdfTooLarge(f"The pages {spec[:80]!r} cannot be understood.", "Write them like 1-3,7 or 5-.")
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else count if match[2] else first
        wanted.update(range(max(1, first), min(last, count) + 1))
    if not wanted:
        raise PdfTooLarge(f"The document has {count} pages, none of {spec[:80]!r}.", "Ask for other pages.")
    return sorted(wanted)
