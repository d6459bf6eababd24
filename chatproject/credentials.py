"""What the process does for credentials beside the requests."""

import asyncio
import time

import structlog
from django.db import Error as DatabaseFault

from accounts.keyring import KEYRING, store_uses
from accounts.secrets import django_secret, jwt_secret
from accounts.sessions import SessionStore
from conversations.turns.service import query

logger = structlog.get_logger(__name__)

BETWEEN_WRITES_SECONDS = 15.0
BETWEEN_CLEARINGS_SECONDS = 3600.0


async def load_secrets() -> None:
    """Read or make what is signed with; where the database is away, the first use does."""
    try:
        for secret in (jwt_secret, django_secret):
            await query(secret)
    except DatabaseFault as error:
        logger.warning("secrets_not_loaded", error=type(error).__name__)


async def note_key_uses() -> None:
    """Write when API keys were last used: every few seconds for all, not with each request.

    Browser sessions that have expired are cleared away now and then.
    """
    cleared_at = time.monotonic()
    while True:
        await asyncio.sleep(BETWEEN_WRITES_SECONDS)
        try:
            await store_key_uses()
            if time.monotonic() - cleared_at > BETWEEN_CLEARINGS_SECONDS:
                cleared_at = time.monotonic()
                await query(SessionStore.clear_expired)
        except Exception as error:  # a task that ends here would note nothing any more
            logger.warning("key_uses_not_stored", error=type(error).__name__)


async def store_key_uses() -> None:
    if not (used := KEYRING.take_uses()):
        return
    try:
        await query(store_uses, used)
    except DatabaseFault as error:
        logger.warning("key_uses_not_stored", error=type(error).__name__, keys=len(used))
