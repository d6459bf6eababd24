"""Who is calling (O-1): clients of OpenAI send their key as a bearer token."""

from dataclasses import replace

from django.http import HttpRequest

from accounts.authentication import Credentials
from accounts.callers import Caller
from accounts.errors import InvalidToken
from api.auth import caller_with, credentials_in, scope_of

_DOTS_OF_A_TOKEN = 2


async def calling(request: HttpRequest) -> Caller:
    """Raises CallerRefused. Where anybody may ask, the bearer value may be anything."""
    sent = credentials_in(scope_of(request))
    if not sent.bearer:
        return await caller_with(request, replace(sent, bearer=None))
    caller = await _by_bearer(request, sent.bearer)
    if caller.kind == "anonymous" and sent.api_key:
        return await caller_with(request, Credentials(api_key=sent.api_key))
    return caller


async def _by_bearer(request: HttpRequest, value: str) -> Caller:
    if value.count(".") == _DOTS_OF_A_TOKEN:
        try:
            return await caller_with(request, Credentials(bearer=value))
        except InvalidToken:
            # Then it is a key that looks like a token, or neither.
            return await caller_with(request, Credentials(api_key=value))
    return await caller_with(request, Credentials(api_key=value))
