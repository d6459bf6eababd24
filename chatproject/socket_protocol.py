"""uvicorn's WebSocket, as this server needs it."""

import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# uvicorn's own lines have the query, where browsers put their credentials (C-4.8).
_LOGGER = logging.getLogger("parley.websocket")
_LOGGER.setLevel(logging.WARNING)

# Frames of MAX_MESSAGE_SIZE are answered and not dropped; this is far above (W-4).
LARGEST_FRAME = 2 * 1024 * 1024
PING_SECONDS = 20.0
# A client that reads slowly finds the ping behind all that was sent before it.
PONG_SECONDS = 40.0


class PatientWebSocket(WebSocketsSansIOProtocol):
    """Ends when the application closes it, which lets the reply that runs come to its end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = _LOGGER
        self.conn.logger = _LOGGER
        self.conn.debug = False
        self.close_timeout = 2.0

    def shutdown(self) -> None:
        """uvicorn calls this at SIGTERM, after the application has heard of it."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()
