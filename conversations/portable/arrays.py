"""A JSON array that need not fit into memory: its items, one after the other."""

import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import IO, Any

from conversations.portable.errors import Unreadable

# ChatGPT's conversations are a few megabytes at most.
LONGEST_ITEM = 64 * 1024 * 1024
_READ_AT_ONCE = 256 * 1024
_BLANKS = " \t\r\n"


class Items:
    """`is_complete` once the closing bracket was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decode = getincrementaldecoder("utf-8-sig")("replace").decode
        self._parse = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
        self._text = ""
        self._place = 0
        self._more = True
        self.is_complete = False

    def __iter__(self) -> Iterator[Any]:
        """Raises Unreadable where no further item can be found."""
        self._skip("[")
        if self._next() == "]":
            self.is_complete = True
            return
        while self._next():
            yield self._item()
            if self._next() == "]":
                self.is_complete = True
                return
            if self._next():
                self._skip(",")

    def _item(self) -> Any:
        self._text, self._place = self._text[self._place :], 0
        while True:
            try:
                item, end = self._parse(self._text)
            except RecursionError as error:
                raise Unreadable("An item is nested too deeply") from error
            except ValueError as error:
                if not self._more or len(self._text) > LONGEST_ITEM:
                    raise Unreadable("From here on the file is not valid JSON") from error
                # Twice as much each time: what is parsed again stays in proportion.
                self._read(max(len(self._text), _READ_AT_ONCE))
            else:
                self._place = end
                return item

    def _skip(self, expected: str) -> None:
        if self._next() != expected:
            raise Unreadable(f"Expected '{expected}' in the list")
        self._place += 1

    def _next(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            while self._place < len(self._text) and self._text[self._place] in _BLANKS:
                self._place += 1
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more:
                return ""
            self._text, self._place = "", 0
            self._read(_READ_AT_ONCE)

    def _read(self, size: int) -> None:
        data = self._file.read(size)
        self._more = bool(data)
        self._text += self._decode(data, not data)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
