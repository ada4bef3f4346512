"""`python -m api.schemas` prints the OpenAPI document."""

import sys

import orjson

from api.main import create_app


def text() -> bytes:
    """Sorted and indented, so that a change shows as a change."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(create_app().openapi(), option=options)


if __name__ == "__main__":
    sys.stdout.buffer.write(text())
