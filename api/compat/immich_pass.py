"""What is not served here is asked of Immich's own server."""

import logging
from typing import Any

import httpx
import orjson
from starlette.exceptions import HTTPException

TIMEOUT_S = 120.0
log = logging.getLogger(__name__)


async def ask(url: str, entries: dict[str, Any], what: bytes | str) -> dict[str, Any]:
    """The other server's reply to some of a request's tasks.

    Args:
        url: IMMICH_API.
        entries: the tasks as they came.
        what: an image's bytes, or a text.

    Raises:
        HTTPException: the other server's own refusal, or 502 where it does not answer.
    """
    form: list[tuple[str, tuple[str | None, bytes]]] = [("entries", (None, orjson.dumps(entries)))]
    form.append(("image", ("image", what)) if isinstance(what, bytes) else ("text", (None, what.encode())))
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await client.post(f"{url.rstrip('/')}/predict", files=form)
        if answer.is_success:
            reply: dict[str, Any] = answer.json()
            return reply
    except (httpx.HTTPError, ValueError) as error:
        log.warning("IMMICH_API %s did not answer: %s", url, error)
        raise HTTPException(502, f"IMMICH_API did not answer: {type(error).__name__}") from error
    raise HTTPException(answer.status_code, f"IMMICH_API refused: {answer.text[:200]}")
