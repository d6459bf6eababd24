"""The events of one turn in memory, and cursors into them."""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from msgspec import Struct

from conversations.turns import measures
from conversations.turns.events import (
    TextReset,
    TurnEnd,
    TurnEvent,
    is_end,
    text_of,
)
from providers.events import TextDelta


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a turn: `seq` events and `offset` characters of the answer have been seen.

    The offset allows an exact continuation from the stored text when the events are gone.
    """

    turn_id: UUID
    seq: int
    offset: int

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """None for a text that `__str__` did not write."""
        try:
            turn_id, seq, offset = value.strip().split(".")
            cursor = cls(UUID(hex=turn_id), int(seq), int(offset))
        except ValueError:
            return None
        return cursor if cursor.seq >= 0 and cursor.offset >= 0 else None

    def __str__(self) -> str:
        return f"{self.turn_id.hex}.{self.seq}.{self.offset}"


class Entry(Struct, frozen=True, gc=False):
    """An event with its place: after it, `seq` events and `offset` characters have been."""

    seq: int
    offset: int
    event: TurnEvent


class TurnLog:
    """A turn's events, appended by one writer and read by any number of followers.

    `exact` is False for a log made up from the stored text, whose numbering is its own.
    """

    def __init__(self, turn_id: UUID, *, exact: bool = True) -> None:
        self.turn_id = turn_id
        self.exact = exact
        self.end: TurnEnd | None = None
        self.is_detached = False
        self._entries: list[Entry] = []
        self._followers: set[Follower] = set()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def text_length(self) -> int:
        """Characters of the answer so far."""
        return self._entries[-1].offset if self._entries else 0

    @property
    def text(self) -> str:
        return "".join(text_of(entry.event) for entry in self._entries)

    @property
    def is_followed(self) -> bool:
        """Whether a follower has not been closed yet."""
        return bool(self._followers)

    def append(self, event: TurnEvent) -> None:
        """Number the event and wake every follower that waits."""
        offset = self.text_length + len(text_of(event))
        self._entries.append(Entry(len(self._entries) + 1, offset, event))
        if is_end(event):
            self.end = event
        for follower in self._followers:
            follower.wake()

    def extend(self, events: Iterable[TurnEvent]) -> None:
        for event in events:
            self.append(event)

    def since(self, seq: int) -> list[Entry]:
        """The entries after the first `seq`."""
        return self._entries[seq:]

    def detach(self) -> None:
        """Nothing more comes from here, though the turn goes on: let the followers go."""
        self.is_detached = True
        for follower in self._followers:
            follower.wake()

    def follow(self, cursor: Cursor | None = None) -> "Follower":
        """Read from the start, or from after the cursor; close it when done."""
        return self._opened(Follower(self, cursor))

    def follow_afresh(self) -> "Follower":
        """Read on from here, after a TextReset with the text so far; close it when done."""
        return self._opened(Follower(self, None, afresh=True))

    def release(self, follower: "Follower") -> None:
        """The follower reads no more."""
        if follower in self._followers:
            self._followers.remove(follower)
            measures.follower_left()

    def rest(self, cursor: Cursor | None) -> list[Entry] | None:
        """The entries after a cursor, the first cut where the reader is in the middle of it.

        None when the cursor is ahead of what this log holds, or was never one of this turn.
        """
        if cursor is None:
            return self.since(0)
        if self.exact and self._has_been_at(cursor):
            return self._cut(cursor.seq, cursor.offset)
        settled = self.end is not None or not self.exact
        if settled and cursor.offset <= self.text_length:
            return self._cut(self._first_beyond(cursor.offset), cursor.offset)
        return None

    def afresh(self) -> list[Entry]:
        """A TextReset with the text so far and, if the turn is over, how it ended."""
        end = self.ending()
        reset = Entry(len(self) - len(end), self.text_length, TextReset(self.text))
        return [reset, *end]

    def ending(self) -> list[Entry]:
        """The last entry if the turn is over, else nothing."""
        return self.since(len(self) - 1) if self.end is not None else []

    def _opened(self, follower: "Follower") -> "Follower":
        self._followers.add(follower)
        measures.follower_came()
        return follower

    def _has_been_at(self, cursor: Cursor) -> bool:
        """Whether so many characters had been after so many events, or in the middle of the next.

        Otherwise one number could skip what the other has not seen.
        """
        if cursor.seq > len(self):
            return False
        least = self._entries[cursor.seq - 1].offset if cursor.seq else 0
        most = self._entries[cursor.seq].offset if cursor.seq < len(self) else least
        return least <= cursor.offset <= most

    def _first_beyond(self, offset: int) -> int:
        return bisect_right(self._entries, offset, key=lambda entry: entry.offset)

    def _cut(self, seq: int, offset: int) -> list[Entry]:
        """The entries after `seq`, without the characters before `offset`."""
        return [left for entry in self.since(seq) if (left := _without(entry, offset)) is not None]


class Follower:
    """One reader's cursor into a log: it holds a place, never a copy."""

    def __init__(self, log: TurnLog, cursor: Cursor | None, *, afresh: bool = False) -> None:
        self.log = log
        self._cursor = cursor
        self._afresh = afresh
        self._placed = False
        self._seq = 0
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> list[Entry]:
        """Everything new, waiting for it; empty when woken for nothing.

        Whoever comes after the end is told how it ended; do not read on after that.
        """
        if entries := self._take():
            return entries
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return self._take()

    def wake(self) -> None:
        """Let a read that waits return with what there is."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Give up the place; may be called twice."""
        self.log.release(self)

    def _take(self) -> list[Entry]:
        entries = self.log.since(self._seq) if self._placed else self._place()
        self._seq = len(self.log)
        return entries

    def _place(self) -> list[Entry]:
        """What comes first for this reader; nothing while the log may still catch up with it."""
        rest = None if self._afresh else self.log.rest(self._cursor)
        if rest is None and not self._afresh and self.log.end is None:
            return []
        self._placed = True
        return self.log.afresh() if rest is None else rest or self.log.ending()


def _without(entry: Entry, offset: int) -> Entry | None:
    """The entry without the characters before `offset`; None when that leaves nothing of it."""
    if not isinstance(entry.event, TextDelta) or entry.offset - len(entry.event.text) >= offset:
        return entry
    if entry.offset <= offset:
        return None
    left = entry.event.text[offset - entry.offset :]
    return Entry(entry.seq, entry.offset, TextDelta(left))
