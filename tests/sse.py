"""A strict reader of `text/event-stream`, after the WHATWG standard (HTML, 9.2.6)."""

import codecs
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx

LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Event:
    """`id` is the last id the stream has named so far, as the standard has it."""

    event: str
    data: str
    id: str = ""


def parse(stream: bytes) -> list[Event]:
    """An event that no blank line ends is dropped, as the standard wants."""
    return Reader().feed(stream)


def read(response: httpx.Response) -> Iterator[Event]:
    reader = Reader()
    for data in response.iter_bytes():
        yield from reader.feed(data)


async def aread(response: httpx.Response) -> AsyncIterator[Event]:
    reader = Reader()
    async for data in response.aiter_bytes():
        for event in reader.feed(data):
            yield event


@dataclass
class Reader:
    """Takes bytes however they are cut and gives each event once its blank line has come.

    `last_event_id` is what a client that reconnects sends: a blank line settles it, data or not.
    """

    last_event_id: str = ""
    _name: str = ""
    _data: list[str] = field(default_factory=list)
    _id: str = ""
    _rest: str = ""
    _after_cr: bool = False
    _decoder: codecs.IncrementalDecoder = field(
        # This codec drops one byte order mark, at the very start, and keeps any other.
        default_factory=lambda: codecs.getincrementaldecoder("utf-8-sig")("replace")
    )

    def feed(self, data: bytes) -> list[Event]:
        lines = self._lines(self._decoder.decode(data))
        return [event for line in lines if (event := self._take(line)) is not None]

    def _lines(self, text: str) -> list[str]:
        if not text:
            return []
        # A CR ends its line at once; the LF of a CR LF may come with the next piece.
        whole = text.removeprefix("\n") if self._after_cr else text
        self._after_cr = text.endswith("\r")
        *lines, self._rest = LINE_END.split(self._rest + whole)
        return lines

    def _take(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        self.last_event_id = self._id
        return Event(name, "\n".join(data), self._id) if data else None
