"""From a credential to a caller: the one rule (contracts/common.md C-4) behind every door."""

import hmac
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from accounts.errors import InvalidApiKey, InvalidToken, MissingCredential


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request carries of who is asking; empty values count as absent."""

    bearer: str | None = None
    api_key: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `workspace` is the key under which the caller's rows are kept."""

    kind: Literal["anonymous", "shared_key", "user"]
    workspace: str


ANONYMOUS = Caller(kind="anonymous", workspace="anonymous")
SHARED_KEY = Caller(kind="shared_key", workspace="shared-key")


def caller_for(credentials: Credentials) -> Caller:
    """Raises CallerRefused. A bearer token never falls through to a weaker credential (C-4.4)."""
    if credentials.bearer is not None:
        # There are no accounts yet, so that no token can be good.
        raise InvalidToken
    if credentials.api_key and _is_shared_key(credentials.api_key):
        return SHARED_KEY
    if settings.ANONYMOUS_ALLOWED:
        return ANONYMOUS
    raise InvalidApiKey if credentials.api_key else MissingCredential


def _is_shared_key(value: str) -> bool:
    expected: str | None = settings.API_KEY
    return expected is not None and hmac.compare_digest(value.encode(), expected.encode())
