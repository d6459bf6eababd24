"""Starting what the process owns before the first request, and ending it after the last."""

import asyncio
import gc

from django.conf import settings

from api.limits import close_limiter
from api.websocket.sockets import SOCKETS
from chatproject.asgi_types import App, Receive, Scope, Send
from chatproject.credentials import load_secrets, note_key_uses, store_key_uses
from chatproject.termination import on_termination
from conversations.turns.service import close_engine, drain_engine, engine
from providers.following import start_following, stop_following
from search.indexing import process as indexers


class Lifespan:
    """The outermost ASGI application; requests are passed on."""

    def __init__(self, app: App, *, sockets: App) -> None:
        self._app = app
        self._sockets = sockets
        self._draining: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._sockets(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        engine()
        await load_secrets()
        await start_following()
        noting = asyncio.create_task(note_key_uses())
        await asyncio.to_thread(indexers.start_in_server)
        on_termination(self._drain)
        _tame_garbage_collection()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._draining is not None:
            await self._draining
        noting.cancel()
        await asyncio.to_thread(indexers.stop)
        await store_key_uses()
        await stop_following()
        await close_limiter()
        await close_engine()
        await send({"type": "lifespan.shutdown.complete"})

    def _drain(self) -> None:
        if self._draining is None:
            SOCKETS.let_go()
            self._draining = asyncio.create_task(drain_engine(settings.TURN_DRAIN_SECONDS))


def _tame_garbage_collection() -> None:
    """What start-up made stays: looking through it again costs 100 ms at 800 streams."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
