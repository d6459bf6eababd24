"""What the parts of one connection share."""

from dataclasses import dataclass

from accounts.callers import Caller
from api.auth import Scope
from api.websocket.rows import Home
from api.websocket.wire import Wire


@dataclass(slots=True)
class Talk:
    """`home` is where the history is stored; None while there is none (W-1.2)."""

    scope: Scope
    caller: Caller
    wire: Wire
    home: Home | None = None
