"""The rate limit (C-5): what a request costs, whom it never refuses, what the refused are told."""

import asyncio
import hashlib
import math

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse

from accounts import bypass
from accounts.addresses import address_of, rate_key
from accounts.buckets import LocalBuckets
from accounts.keyring import KEYRING, KnownKey, Unknown
from accounts.quota import Bucket, Quota, Rate, Verdict
from api.auth import Scope, credentials_in
from api.batching import Batched
from api.openai_form import openai_error, speaks_openai
from api.responses import json_response
from conversations.turns.service import query

logger = structlog.get_logger(__name__)

# Refusals are what a flood consists of: the bypass list is read once for all that come meanwhile.
_BETWEEN_READS_SECONDS = 0.02
# Of a database that is away: a refusal need not wait for it.
_PATIENCE_SECONDS = 0.25
_LOOKUPS = Bucket("lookups", Rate(rps=100, burst=200))


class Limiter:
    """The rate limit of one event loop."""

    def __init__(self) -> None:
        self._quota = Quota(settings.REDIS_URL)
        self._lookups = LocalBuckets()
        self._known: tuple[str, ...] = ()
        self._entries = Batched(self._read, seconds=_BETWEEN_READS_SECONDS)

    async def charge(self, scope: Scope) -> Verdict | None:
        """Take a token from each of the request's identities; None for whom nothing limits."""
        verdict = await self._quota.take(await self._buckets(scope))
        # Only a refusal asks for the list, and always anew: a change acts at once (C-7.3).
        if not verdict.allowed and await self._is_bypassed(scope):
            return None
        return verdict

    async def aclose(self) -> None:
        await self._quota.aclose()

    async def _buckets(self, scope: Scope) -> list[Bucket]:
        """The request's identities (C-5.1): its key or token, and its address.

        A key's own rate counts in the key's bucket. Where it is more than the server's, an
        administrator has granted it, and the address does not take it away again.
        """
        credentials = credentials_in(scope)
        server = Rate(settings.RATE_RPS, settings.RATE_BURST)
        address = Bucket(f"ip:{rate_key(address_of(scope))}", server)
        named = credentials.api_key or credentials.bearer
        if not named:
            return [address]
        own = await self._own_rate(named) or server
        key = Bucket(f"key:{hashlib.sha256(named.encode()).hexdigest()[:32]}", own)
        return [key] if own.rps > server.rps or own.burst > server.burst else [key, address]

    async def _own_rate(self, api_key: str) -> Rate | None:
        """None also for keys that cannot be looked up now: the server's rate is theirs then."""
        found = KEYRING.peek(api_key)
        if isinstance(found, Unknown):
            # Keys that somebody makes up must not become as many queries.
            if not self._lookups.take([_LOOKUPS]).allowed:
                return None
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    found = await query(KEYRING.find, api_key)
            except (DatabaseFault, TimeoutError):
                return None
        return found.rate if isinstance(found, KnownKey) and found.is_good else None

    async def _is_bypassed(self, scope: Scope) -> bool:
        address = address_of(scope)
        if bypass.holds(self._known, address):
            return bypass.holds(await self._read(), address)
        return bypass.holds(await self._entries.get(), address)

    async def _read(self) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self._known = tuple(await query(bypass.listed))
        except (DatabaseFault, TimeoutError) as error:
            logger.warning("bypass_list_not_read", error=type(error).__name__)
        return self._known


_limiters: dict[asyncio.AbstractEventLoop, Limiter] = {}


def limiter() -> Limiter:
    """The limiter of the running event loop, made at its first use."""
    loop = asyncio.get_running_loop()
    if loop not in _limiters:
        _limiters[loop] = Limiter()
    return _limiters[loop]


async def close_limiter() -> None:
    if (own := _limiters.pop(asyncio.get_running_loop(), None)) is not None:
        await own.aclose()


def limit_headers(verdict: Verdict) -> dict[str, str]:
    """The tightest bucket's state: its size, whole tokens left, seconds until it is full."""
    return {
        "RateLimit-Limit": str(verdict.limit),
        "RateLimit-Remaining": str(verdict.remaining),
        "RateLimit-Reset": str(math.ceil(verdict.reset_after)),
    }


def too_many_requests(request: HttpRequest, retry_after: float) -> HttpResponse:
    """429 in the form of C-5.3; `retry_after` is in seconds."""
    if speaks_openai(request.path):
        message = f"Rate limit reached: try again in {retry_after:g} seconds."
        body = openai_error(429, "rate_limited", message)
    else:
        body = {"error": "rate_limited", "retry_after": retry_after}
    response = json_response(body, status=429)
    response["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return response
