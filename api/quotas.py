"""Rate and size limits of callers; where they cannot be counted they do not hold."""

import logging

import redis
from fastapi import Request

from api.errors import ApiError
from api.state import dispatch_of

log = logging.getLogger(__name__)


async def spend(request: Request, what: str, limit: int, span_s: int, refusal: ApiError, amount: int = 1) -> None:
    """Count something against its limit in any `span_s` seconds.

    Args:
        what: is counted, and whose.
        refusal: what is raised over the limit, with Retry-After added.
    """
    try:
        wait_s = await dispatch_of(request).quotas.spend(what, amount, limit, span_s)
    except redis.RedisError as error:
        log.warning("limits cannot be counted, the broker does not answer: %s", type(error).__name__)
        return
    if wait_s:
        refusal.headers = {**refusal.headers, "Retry-After": str(wait_s)}
        raise refusal
