"""Why a frame is not acted upon, or a connection not opened.

SocketFault
├── FrameFault           the frame has not the right form; the connection stays usable
│   ├── FrameTooLarge
│   ├── NotAnObject
│   ├── NoPrompt
│   └── HoldsNul
├── ThreadNotFound       W-6
├── TooManyPrompts       so many wait already
├── TooManyWatched
├── OriginRefused        a browser's page that is not one of ours
├── TooManySockets       of this caller, or from this address
└── UnknownPath
"""


class SocketFault(Exception):
    """Root of the tree; the message is meant for the client."""


class FrameFault(SocketFault):
    pass


class FrameTooLarge(FrameFault):
    def __init__(self, limit: int) -> None:
        super().__init__(f"Message too large (max {limit} bytes)")


class NotAnObject(FrameFault):
    def __init__(self) -> None:
        super().__init__("Invalid JSON")


class NoPrompt(FrameFault):
    def __init__(self) -> None:
        super().__init__("Missing user message")


class HoldsNul(FrameFault):
    def __init__(self) -> None:
        super().__init__("Messages must not contain NUL characters")


class ThreadNotFound(SocketFault):
    def __init__(self) -> None:
        super().__init__("Thread not found")


class TooManyPrompts(SocketFault):
    def __init__(self, most: int) -> None:
        super().__init__(f"Too many prompts are waiting (max {most})")


class TooManyWatched(SocketFault):
    def __init__(self, most: int) -> None:
        super().__init__(f"Too many conversations are watched (max {most})")


class OriginRefused(SocketFault):
    def __init__(self) -> None:
        super().__init__("This origin may not connect: add it to CORS_ORIGINS")


class TooManySockets(SocketFault):
    def __init__(self, most: int) -> None:
        super().__init__(f"Too many open connections (max {most})")


class UnknownPath(SocketFault):
    def __init__(self) -> None:
        super().__init__("Not found")
