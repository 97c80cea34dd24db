"""Limits on how often a caller may ask: a sliding window of two counters, the same answer from Redis and the database.

The window before counts for as much of it as the last `seconds` still cover. A refused request is not counted, so a
caller who waits as long as they are told gets through. Counting and judging are one atomic step in either store.
"""

import hashlib
import logging
import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from platform_core import clock
from platform_core.errors import RateLimited
from platform_core.models import RateCounter

logger = logging.getLogger(__name__)
# Whether the request fits, what both windows then hold, and when the present one began, in milliseconds.
Counted = tuple[bool, int, int, int]

# Both stores compute, in whole numbers: previous * left / width + current. A window begins with its first request.
SCRIPT = """
local held = redis.call('HMGET', KEYS[1], 'start', 'current', 'previous')
local now, limit, width = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local start, current, previous = tonumber(held[1] or ARGV[1]), tonumber(held[2] or '0'), tonumber(held[3] or '0')
if now - start >= 2 * width then start, current, previous = now, 0, 0
elseif now - start >= width then start, current, previous = start + width, 0, current end
local allowed, left = 0, width - math.max(now - start, 0)
if math.floor(previous * left / width) + current + 1 <= limit then allowed, current = 1, current + 1 end
redis.call('HSET', KEYS[1], 'start', string.format('%.0f', start), 'current', current, 'previous', previous)
redis.call('PEXPIRE', KEYS[1], 2 * width)
return {allowed, current, previous, string.format('%.0f', start)}
"""
SCRIPT_SHA = hashlib.sha1(SCRIPT.encode()).hexdigest()  # noqa: S324 - Redis' name for it
REFUND = """
if tonumber(redis.call('HGET', KEYS[1], 'current') or '0') > 0 then redis.call('HINCRBY', KEYS[1], 'current', -1) end
"""
TABLE = RateCounter._meta.db_table
AGE = f"(%(now)s - {TABLE}.start)"
START = (
    f"CASE WHEN {AGE} >= 2 * %(width)s THEN %(now)s"
    f" WHEN {AGE} >= %(width)s THEN {TABLE}.start + %(width)s ELSE {TABLE}.start END"
)
CURRENT = f"CASE WHEN {AGE} >= %(width)s THEN 0 ELSE {TABLE}.current END"
PREVIOUS = (
    f"CASE WHEN {AGE} >= 2 * %(width)s THEN 0 WHEN {AGE} >= %(width)s THEN {TABLE}.current ELSE {TABLE}.previous END"
)
LEFT = f"(%(width)s - CASE WHEN %(now)s > ({START}) THEN %(now)s - ({START}) ELSE 0 END)"
FITS = f"({PREVIOUS}) * {LEFT} / %(width)s + ({CURRENT}) + 1 <= %(limit)s"
# Locked, judged and counted in one statement.
STATEMENT = f"""
INSERT INTO {TABLE} (key, start, current, previous, was_allowed, expires_at)
VALUES (%(key)s, %(now)s, %(first)s, 0, %(first)s = 1, %(expires_at)s)
ON CONFLICT (key) DO UPDATE SET
    was_allowed = ({FITS}),
    current = ({CURRENT}) + CASE WHEN {FITS} THEN 1 ELSE 0 END,
    previous = {PREVIOUS},
    start = {START},
    expires_at = excluded.expires_at
RETURNING was_allowed, current, previous, start
"""  # noqa: S608 - made of constants


@dataclass(frozen=True)
class Limit:
    """So many requests in any span of so many seconds."""

    name: str
    amount: int
    seconds: int


@dataclass(frozen=True)
class Usage:
    """What was found: whether the request fits, how many more would, and in how many seconds there is room again."""

    limit: Limit
    is_allowed: bool
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """For the answer, in the words of the IETF's draft and in the older ones."""
        name, limit = self.limit.name, self.limit
        given = {
            "RateLimit-Policy": f'"{name}";q={limit.amount};w={limit.seconds}',
            "RateLimit": f'"{name}";r={self.remaining};t={self.reset}',
            "X-RateLimit-Limit": str(limit.amount),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }
        return given if self.is_allowed else {**given, "Retry-After": str(self.reset)}


def spend(limit: Limit, caller: str) -> Usage:
    """Count one request of a caller, if it fits."""
    width = limit.seconds * 1000
    now = int(clock.wall().timestamp() * 1000)
    is_allowed, current, previous, start = _count(_key(limit, caller), now, limit.amount, width)
    left = width - max(0, now - start)
    remaining = max(0, limit.amount - current - previous * left // width)
    return Usage(limit, is_allowed, remaining, _wait(limit.amount, current, previous, left, width))


def require(limit: Limit, caller: str) -> Usage:
    """The same; 429 where it does not fit."""
    usage = spend(limit, caller)
    if not usage.is_allowed:
        raise RateLimited("Too many requests. Try again later.", headers=usage.headers)
    return usage


def refund(limit: Limit, caller: str) -> None:
    """Take one request back: it turned out to be none that the limit is about."""
    key = _key(limit, caller)
    if settings.REDIS_URL:
        with suppress(RedisError):
            _client(settings.REDIS_URL).eval(REFUND, 1, cache.make_key(key))
    else:
        RateCounter.objects.filter(key=key, current__gt=0).update(current=F("current") - 1)


def clear(limit: Limit, caller: str) -> None:
    """Begin anew for this caller."""
    key = _key(limit, caller)
    RateCounter.objects.filter(key=key).delete()
    if settings.REDIS_URL:
        with suppress(RedisError):
            _client(settings.REDIS_URL).delete(cache.make_key(key))


def forget_old() -> dict[str, int]:
    """Delete the counters of windows that are over; Redis does so by itself."""
    return {"counters": RateCounter.objects.filter(expires_at__lt=clock.wall()).delete()[0]}


def _key(limit: Limit, caller: str) -> str:
    """Not the caller's own words: they are a person's address, or as long as somebody likes."""
    text = f"{limit.name}/{limit.amount}/{limit.seconds}/{caller}"
    return f"rate:{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def _wait(limit: int, current: int, previous: int, left: int, width: int) -> int:
    """Whole seconds until one more fits; until this window is over where one fits now."""
    room = limit - 1 - current
    if room < 0:
        # Nothing more in this window; in the next one what is counted now fades.
        return math.ceil((left + 1) / 1000)
    if previous * left // width <= room:
        return math.ceil(left / 1000)
    # The largest remainder of the window for which the one before weighs little enough.
    return math.ceil((left - ((room + 1) * width - 1) // previous) / 1000)


def _count(key: str, now: int, limit: int, width: int) -> Counted:
    if settings.REDIS_URL:
        try:
            return _count_in_redis(key, now, limit, width)
        except RedisError:
            # A limit that is gone while Redis is away would invite to make it go away.
            logger.exception("Redis is away: requests are counted in the database.")
    return _count_in_database(key, now, limit, width)


def _count_in_redis(key: str, now: int, limit: int, width: int) -> Counted:
    arguments = (1, cache.make_key(key), now, limit, width)
    client = _client(settings.REDIS_URL)
    try:
        found: Any = client.evalsha(SCRIPT_SHA, *arguments)
    except NoScriptError:
        found = client.eval(SCRIPT, *arguments)
    return bool(found[0]), int(found[1]), int(found[2]), int(found[3])


@lru_cache(maxsize=4)
def _client(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)


def _count_in_database(key: str, now: int, limit: int, width: int) -> Counted:
    expires_at = datetime.fromtimestamp((now + 2 * width) / 1000, UTC)
    values: dict[str, Any] = {
        "key": key,
        "now": now,
        "limit": limit,
        "width": width,
        "first": min(limit, 1),
        "expires_at": expires_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, values)
        allowed, current, previous, start = cursor.fetchone()
    return bool(allowed), int(current), int(previous), int(start)
