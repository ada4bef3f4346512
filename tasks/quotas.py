"""How much somebody may have in a span of time, counted in Redis for all processes together."""

from typing import TYPE_CHECKING, Final

from tasks.broker import PREFIX

if TYPE_CHECKING:
    import redis.asyncio

SPEND: Final = """
local amount, limit, span = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local at = redis.call('TIME')
local now = (at[1] + at[2] / 1000000) / span
local window = math.floor(now)
local passed = now - window
local kept = redis.call('HMGET', KEYS[1], 'window', 'spent', 'last')
local behind = window - tonumber(kept[1] or window)
local spent, last = tonumber(kept[2] or 0), tonumber(kept[3] or 0)
if behind == 1 then spent, last = 0, spent elseif behind ~= 0 then spent, last = 0, 0 end
local room = limit - amount - spent
if room >= last * (1 - passed) then
  redis.call('HSET', KEYS[1], 'window', string.format('%d', window), 'spent', spent + amount, 'last', last)
  redis.call('EXPIRE', KEYS[1], 2 * span)
  return 0
end
local wait = 2 - passed
if room >= 0 then
  wait = 1 - room / last - passed
elseif limit >= amount then
  wait = 2 - (limit - amount) / spent - passed
end
return math.max(1, math.ceil(wait * span))
"""
"""A sliding window from two counters: what the last span had counts by the part of it that is still in view."""


class Quotas:
    """What callers have had. A clock that jumps begins anew; what is refused costs nothing."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._client = client

    async def spend(self, what: str, amount: int, limit: int, span_s: int) -> int:
        """Take `amount` of the `limit` that there is of something in any `span_s` seconds.

        Returns:
            0 where there was room; otherwise nothing is taken, and these are the seconds until there is.

        Raises:
            redis.RedisError
        """
        return int(await self._client.eval(SPEND, 1, f"{PREFIX}quota:{what}", amount, limit, span_s))
