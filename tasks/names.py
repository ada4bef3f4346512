"""Characters that nobody sees, and that move a cursor, begin a line or turn letters around where they are shown."""

from typing import Final

HIDDEN: Final = (
    *range(0x20),
    *range(0x7F, 0xA0),
    *range(0x2028, 0x202F),  # lines, paragraphs, embedding and overriding of directions
    *range(0x2066, 0x206A),  # isolated directions
)
_ESCAPES: Final = {code: ascii(chr(code))[1:-1] for code in HIDDEN}
_NOTHING: Final = dict.fromkeys(HIDDEN)


def visible(text: str) -> str:
    """For a line of a log or on a terminal: such characters as escapes."""
    return text.translate(_ESCAPES)


def plain(text: str) -> str:
    """For the name of an upload: without such characters, and storable."""
    return storable(text.translate(_NOTHING))


def storable(text: str) -> str:
    """Text that every database keeps: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "").encode(errors="replace").decode()
