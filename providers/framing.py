"""Where one message of a byte stream ends and the next begins."""

from collections.abc import Iterator
from typing import Protocol

from providers.errors import AnswerCut, AnswerUnreadable
from providers.events import Finished, ProviderEvent

MAX_LINE = 16 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def unfinished(name: str, *, is_readable: bool) -> AnswerCut | AnswerUnreadable:
    """The fault of an answer that is over without having come to its end."""
    if is_readable:
        return AnswerCut(f"The answer of '{name}' was cut before its end.")
    return AnswerUnreadable(f"The answer of '{name}' holds nothing readable.")


class Splitter(Protocol):
    """Takes bytes in any pieces, gives whole payloads."""

    def feed(self, chunk: bytes) -> list[bytes]: ...

    def finish(self) -> list[bytes]: ...


class AnswerParser(Protocol):
    """Takes the payloads of one answer in order, gives its events.

    `ended`: nothing of interest follows. `complete`: the answer is whole, and a connection
    that is lost from here on loses nothing. `finish` raises AnswerCut or AnswerUnreadable
    when the answer is not whole.
    """

    @property
    def ended(self) -> bool: ...

    @property
    def complete(self) -> bool: ...

    def feed(self, payload: bytes) -> Iterator[ProviderEvent]: ...

    def finish(self) -> Finished: ...


class _Lines:
    """Cuts bytes at line feeds, and keeps what comes after the last one."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        first, *others = chunk.split(b"\n")
        if not others:
            self._keep(first)
            return []
        self._keep(first)
        last = others.pop()
        lines = [self.rest(), *others]
        self._keep(last)
        return lines

    def rest(self) -> bytes:
        """Hand over the unfinished line."""
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        return line

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._length += len(piece)
            self._pieces.append(piece)
        if self._length > MAX_LINE:
            raise AnswerUnreadable(f"The answer has a line of more than {MAX_LINE} bytes.")


class LineSplitter:
    """Payloads are the lines of newline-delimited JSON; blank ones are left out."""

    def __init__(self) -> None:
        self._lines = _Lines()

    def feed(self, chunk: bytes) -> list[bytes]:
        return [line for line in map(_bare, self._lines.feed(chunk)) if line]

    def finish(self) -> list[bytes]:
        line = _bare(self._lines.rest())
        return [line] if line else []


class WholeSplitter:
    """The one payload is the whole body."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        self._pieces.append(chunk)
        return []

    def finish(self) -> list[bytes]:
        body = _bare(b"".join(self._pieces))
        return [body] if body else []


class SseSplitter:
    """Payloads are the `data` of server-sent events; all other fields are ignored.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    """

    def __init__(self) -> None:
        self._lines = _Lines()
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._head: bytes | None = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        if not chunk:
            return []
        if self._head is not None:
            chunk = self._without_mark(self._head + chunk)
        if self._after_cr or b"\r" in chunk:
            chunk = self._with_line_feeds(chunk)
        return self._events(self._lines.feed(chunk))

    def finish(self) -> list[bytes]:
        """The event that lacks only its empty line, or the end of its last line."""
        held, self._head = self._head or b"", None
        return self._events(self._lines.feed(held + b"\n\n"))

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(self._dispatched())
            elif line.startswith(b"data:"):
                self._keep(line[6:] if line[5:6] == b" " else line[5:])
            elif line == b"data":
                self._keep(b"")
            elif line.startswith(b"error:"):
                # llama.cpp named the field so until autumn 2025.
                self._keep(b'{"error":%s}' % line[6:])
        return events

    def _keep(self, data: bytes) -> None:
        self._data.append(data)
        self._size += len(data)
        if self._size > MAX_LINE:
            raise AnswerUnreadable(f"The answer has an event of more than {MAX_LINE} bytes.")

    def _dispatched(self) -> bytes:
        event = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data.clear()
        self._size = 0
        return event

    def _without_mark(self, start: bytes) -> bytes:
        if len(start) < len(_BYTE_ORDER_MARK) and _BYTE_ORDER_MARK.startswith(start):
            self._head = start
            return b""
        self._head = None
        return start.removeprefix(_BYTE_ORDER_MARK)

    def _with_line_feeds(self, chunk: bytes) -> bytes:
        """A CR at the end counts at once; should its LF come next, that LF is dropped."""
        if not chunk:
            return chunk
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if chunk.endswith(b"\r"):
            self._after_cr = True
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _bare(payload: bytes) -> bytes:
    return payload.removeprefix(_BYTE_ORDER_MARK).strip()
