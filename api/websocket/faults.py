"""Telling the client why nothing came of a frame."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from accounts.errors import AccountError
from api.websocket.errors import SocketFault
from api.websocket.wire import Wire
from conversations.errors import ConversationError
from providers.errors import ProviderError

logger = structlog.get_logger(__name__)

UNEXPECTED = "An unexpected error occurred."


@asynccontextmanager
async def told(wire: Wire) -> AsyncIterator[None]:
    """Whatever is raised inside becomes an error frame; the connection stays usable."""
    try:
        yield
    except (AccountError, ConversationError, ProviderError, SocketFault) as error:
        await wire.send({"type": "error", "error": str(error)})
    except Exception:  # the boundary of a connection's task
        logger.exception("frame_failed_unexpectedly")
        await wire.send({"type": "error", "error": UNEXPECTED})
