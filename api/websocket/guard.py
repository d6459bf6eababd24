"""Looking again, while a connection is open, whether its caller may still ask."""

import asyncio
from collections.abc import Callable

from django.db import Error as DatabaseFault

from accounts.errors import CallerRefused, InvalidToken
from api.auth import connecting_caller
from api.websocket.talk import Talk
from api.websocket.wire import REFUSED

# What is revoked is to be dead within 5 s, and of keys the keyring remembers 4.5 s.
_OF_KEYS_SECONDS = 0.25
_OF_OTHERS_SECONDS = 3.5


async def guard(talk: Talk, *, is_busy: Callable[[], bool]) -> None:
    """Close with 4401 once the credential is no good; a token that expires may end its reply."""
    if talk.caller.kind != "user":
        return
    by_key = talk.caller.key_id is not None
    while talk.wire.is_open:
        await asyncio.sleep(_OF_KEYS_SECONDS if by_key else _OF_OTHERS_SECONDS)
        if not await _is_good(talk, is_busy=is_busy()):
            await talk.wire.close(REFUSED, "The credential is no longer good")


async def _is_good(talk: Talk, *, is_busy: bool) -> bool:
    try:
        caller = await connecting_caller(talk.scope)
    except InvalidToken:
        return is_busy
    except CallerRefused:
        return False
    except (DatabaseFault, TimeoutError):
        # Nobody is sent away for that.
        return True
    if caller.workspace != talk.caller.workspace:
        # Signed out, where anybody may ask.
        return False
    talk.caller = caller
    return True
