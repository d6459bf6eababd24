"""Where one top-level block of Markdown ends and the next begins, decided line by line.

A boundary depends on no later line, so a finished block stays finished. When in doubt two blocks
stay one: a block is parsed as Markdown of its own, so joining is harmless and cutting is not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

_FENCE = re.compile(r" {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$", re.DOTALL)
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_QUOTE = re.compile(r" {0,3}>")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_INTERRUPTING_ITEM = re.compile(r" {0,3}(?:[-*+]|1[.)])[ \t]+\S")
_FORMULA = re.compile(r" {0,3}(\$\$|\\\[)")
_NOTE = re.compile(r" {0,3}\[\^[^\]\s]{1,64}\]:")
_CLOSING = {"$$": "$$", "\\[": "\\]"}


class Kind(Enum):
    """What the first line of a block says that it is."""

    TEXT = "text"
    HEADING = "heading"
    CODE = "code"
    FORMULA = "formula"
    LIST = "list"
    QUOTE = "quote"
    NOTE = "note"
    INDENTED = "indented"


@dataclass(frozen=True, slots=True)
class Block:
    """The characters `start` to `end` of a text; an open one may still grow."""

    start: int
    end: int
    is_open: bool
    kind: Kind = Kind.TEXT


def split(text: str) -> list[Block]:
    """All blocks in order; only the last can be open. Blank lines between blocks belong to none."""
    splitter = Splitter()
    blocks = list(splitter.feed(text))
    if last := splitter.open_block():
        blocks.append(last)
    return blocks


class Splitter:
    """Cuts a text that arrives in pieces: the cuts do not depend on where the pieces end."""

    def __init__(self) -> None:
        self._partial: list[str] = []
        self._line_start = 0
        self._position = 0
        self._start: int | None = None
        self._end = 0
        self._kind = Kind.TEXT
        self._closing = ""
        self._after_blank = False

    def feed(self, piece: str) -> Iterator[Block]:
        """The blocks that this piece has finished."""
        *lines, rest = piece.split("\n")
        for line in lines:
            self._partial.append(line)
            whole = "".join(self._partial)
            self._partial.clear()
            self._position += len(line) + 1
            yield from self._take(whole)
            self._line_start = self._position
        if rest:
            self._partial.append(rest)
            self._position += len(rest)

    def open_block(self) -> Block | None:
        """The block that is not finished, with the part of a line that has arrived."""
        if self._partial and (self._start is not None or any(map(str.strip, self._partial))):
            start = self._line_start if self._start is None else self._start
            return Block(start, self._position, is_open=True, kind=self._kind)
        if self._start is None:
            return None
        return Block(self._start, self._end, is_open=True, kind=self._kind)

    def finish(self) -> Iterator[Block]:
        """The last blocks: nothing more will come."""
        if self._partial:
            whole = "".join(self._partial)
            self._partial.clear()
            yield from self._take(whole)
            self._line_start = self._position
        yield from self._close()

    def _take(self, line: str) -> Iterator[Block]:
        line = line.rstrip("\r")
        if self._start is None:
            yield from self._begin(line)
        elif self._kind in (Kind.CODE, Kind.FORMULA):
            yield from self._inside(line)
        elif not line.strip():
            yield from self._blank()
        elif self._goes_on(line):
            self._extend()
        else:
            yield from self._close()
            yield from self._begin(line)

    def _begin(self, line: str) -> Iterator[Block]:
        if not line.strip():
            return
        self._start = self._line_start
        self._kind = _kind(line)
        self._extend()
        if self._kind is Kind.HEADING:
            yield from self._close()
        elif self._kind is Kind.CODE:
            fence = _FENCE.match(line)
            self._closing = (fence[1] or fence[2]) if fence else ""
        elif opening := _FORMULA.match(line):
            self._closing = _CLOSING[opening[1]]
            if self._closing in line[opening.end() :]:
                self._kind = Kind.TEXT

    def _inside(self, line: str) -> Iterator[Block]:
        if self._kind is Kind.FORMULA and not line.strip():
            yield from self._close()
            return
        self._extend()
        if _closes(line, self._closing, self._kind):
            yield from self._close()

    def _blank(self) -> Iterator[Block]:
        if self._kind in (Kind.TEXT, Kind.QUOTE):
            yield from self._close()
        self._after_blank = True

    def _goes_on(self, line: str) -> bool:
        indent = len(line) - len(line.lstrip(" \t"))
        if self._after_blank:
            deep = indent >= (4 if self._kind is Kind.INDENTED else 2) or line.startswith("\t")
            return deep or (self._kind is Kind.LIST and bool(_ITEM.match(line)))
        if indent >= 2 and self._kind is not Kind.TEXT:
            return True
        kind = _kind(line)
        if kind is Kind.LIST and self._kind is not Kind.LIST:
            return not _INTERRUPTING_ITEM.match(line)
        return kind in (Kind.TEXT, Kind.INDENTED, Kind.LIST, self._kind) and kind is not Kind.NOTE

    def _extend(self) -> None:
        self._end = self._position
        self._after_blank = False

    def _close(self) -> Iterator[Block]:
        if self._start is not None:
            yield Block(self._start, self._end, is_open=False, kind=self._kind)
        self._start = None
        self._kind = Kind.TEXT
        self._after_blank = False


def _kind(line: str) -> Kind:
    if _FENCE.match(line):
        return Kind.CODE
    if _HEADING.match(line):
        return Kind.HEADING
    if _QUOTE.match(line):
        return Kind.QUOTE
    if _ITEM.match(line):
        return Kind.LIST
    if _NOTE.match(line):
        return Kind.NOTE
    if _FORMULA.match(line):
        return Kind.FORMULA
    return Kind.INDENTED if line.startswith(("    ", "\t")) else Kind.TEXT


def _closes(line: str, closing: str, kind: Kind) -> bool:
    stripped = line.strip(" \t")
    if kind is Kind.FORMULA:
        return stripped.endswith(closing)
    indent = len(line) - len(line.lstrip(" "))
    return indent < 4 and len(stripped) >= len(closing) and set(stripped) == {closing[0]}
