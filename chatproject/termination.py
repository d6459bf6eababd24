"""Hearing that the process has to end, before its server does anything about it.

uvicorn shuts the lifespan down only after the last connection has closed, and a stream's
connection closes only when its turn has ended: the turns have to hear of it first.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def on_termination(callback: Callable[[], None]) -> None:
    """Call back in the running event loop at SIGTERM and SIGINT; then the server's own handler.

    Does nothing outside of the main thread, where no signals arrive.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        _chain(number, loop, callback)


def _chain(
    number: signal.Signals, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]
) -> None:
    earlier = signal.getsignal(number)

    def handle(received: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        if callable(earlier):
            earlier(received, frame)

    signal.signal(number, handle)
