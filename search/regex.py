"""Search by regular expressions: RE2, whose time is linear in the text, in a box of time."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from threading import BoundedSemaphore
from typing import Any, Protocol
from uuid import UUID

import re2  # type: ignore[import-untyped]
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat, Substr

from search.errors import InvalidPattern
from search.scope import Scope

LONGEST_PATTERN = 1_000
# RE2 may need as many steps for each byte.
LARGEST_PROGRAM = 10_000
LONGEST_MESSAGE = 200
# A match is found whole where it is no longer than this.
OVERLAP = 1_000
# One call cannot be interrupted: at most about 0.1 s.
STEPS_AT_ONCE = 40_000_000
SCANS_AT_ONCE = 2
FIRST_PAGE, LARGEST_PAGE, PAGE_CHARACTERS = 50, 3_200, 2_000_000
# Of one page to the next, since longer texts may follow.
PAGE_GROWTH = 4
# What is further down in a text is found by its words.
LONGEST_TEXT = 100_000
WORK_SECONDS, PAUSE_SECONDS = 0.001, 0.0005


@dataclass(frozen=True, slots=True)
class RegexHit:
    """A first match, as a span of the message's text.

    Without a message, of the conversation's title and summary with a line break between them.
    """

    message_id: UUID | None
    conversation_id: UUID
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found so far; one that is not complete goes on below what it reached."""

    hits: tuple[RegexHit, ...]
    is_complete: bool
    reached: UUID | None


class Match(Protocol):
    def span(self) -> tuple[int, int]: ...


class Pattern(Protocol):
    """What of RE2's compiled expressions is used here."""

    @property
    def programsize(self) -> int: ...

    def search(self, text: bytes, pos: int, endpos: int, /) -> Match | None: ...


def compiled(pattern: str) -> Pattern:
    """Case makes no difference; raises InvalidPattern."""
    if len(pattern) > LONGEST_PATTERN:
        raise InvalidPattern(f"The expression is longer than {LONGEST_PATTERN} characters.")
    options = re2.Options()
    options.case_sensitive = False
    # Otherwise RE2 writes what people search for to standard error.
    options.log_errors = False
    try:
        # Surrogates have no UTF-8, and no text that is stored has any.
        made: Pattern = re2.compile(pattern.encode("utf-8", "replace"), options)
    except re2.error as error:
        raise InvalidPattern(_reason(error)) from None
    if made.programsize > LARGEST_PROGRAM:
        raise InvalidPattern("The expression is too large: use smaller repetitions.")
    return made


def scan(
    scope: Scope,
    pattern: Pattern,
    *,
    below: UUID | None = None,
    limit: int,
    seconds: float = 0.8,
) -> Scan:
    """The caller's messages, the newest first; takes little longer than its seconds.

    A text that is too long for a whole box of time is passed over.
    """
    texts = scope.messages().values_list(
        _AS_TEXT, Cast("conversation_id", TextField()), Substr("content", 1, LONGEST_TEXT)
    )
    return _limited(partial(_scanned, texts, pattern, limit, below), below, seconds)


def scan_headings(scope: Scope, pattern: Pattern, *, limit: int, seconds: float = 0.8) -> Scan:
    """The caller's titles and summaries, the newest conversations first."""
    rows = scope.conversations().exclude(title=None, summary=None)
    texts = rows.values_list(
        _AS_TEXT,
        _AS_TEXT,
        Concat(Coalesce("title", Value("")), Value("\n"), Coalesce("summary", Value(""))),
    )
    found = _limited(partial(_scanned, texts, pattern, limit, None), None, seconds)
    return replace(found, hits=tuple(replace(hit, message_id=None) for hit in found.hits))


Span = tuple[int, int]
# An id that is not found need not become a UUID.
_AS_TEXT = Cast("id", TextField())
_Rows = QuerySet[Any, tuple[str, str, str]]


class _TimeIsUp(Exception):
    pass


class _Clock:
    """Gives way to the other threads often, since the server answers from one of them."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._pause_at = time.monotonic() + WORK_SECONDS

    def tick(self) -> None:
        """Raises _TimeIsUp."""
        now = time.monotonic()
        if now >= self._deadline:
            raise _TimeIsUp
        if now >= self._pause_at:
            time.sleep(PAUSE_SECONDS)
            self._pause_at = time.monotonic() + WORK_SECONDS


def _limited(work: Callable[[_Clock], Scan], below: UUID | None, seconds: float) -> Scan:
    clock = _Clock(time.monotonic() + seconds)
    if not _SCANS.acquire(timeout=seconds):
        return Scan((), is_complete=False, reached=below)
    try:
        return work(clock)
    finally:
        _SCANS.release()


def _scanned(texts: _Rows, pattern: Pattern, limit: int, below: UUID | None, clock: _Clock) -> Scan:
    hits: list[RegexHit] = []
    size = _piece_size(pattern)
    reached, done = "", ""
    try:
        for reached, conversation_id, text in _newest_first(texts, below):
            clock.tick()
            if span := _first_match(pattern, text, size, clock):
                hits.append(RegexHit(UUID(reached), UUID(conversation_id), *span))
                if len(hits) >= limit:
                    return Scan(tuple(hits), is_complete=False, reached=UUID(reached))
            done = reached
    except _TimeIsUp:
        last = done or reached
        return Scan(tuple(hits), is_complete=False, reached=UUID(last) if last else below)
    return Scan(tuple(hits), is_complete=True, reached=UUID(done) if done else below)


def _newest_first(texts: _Rows, below: UUID | None) -> Iterator[tuple[str, str, str]]:
    """In pages: all at once would be sorted before the first could be looked at."""
    size = FIRST_PAGE
    seen = characters = 0
    while True:
        rows = texts if below is None else texts.filter(id__lt=below)
        page = list(rows.order_by("-id")[:size])
        yield from page
        if len(page) < size:
            return
        below = UUID(page[-1][0])
        seen += len(page)
        characters += sum(len(text) for _, _, text in page)
        fitting = PAGE_CHARACTERS * seen // max(characters, 1)
        size = max(1, min(fitting, PAGE_GROWTH * size, LARGEST_PAGE))


def _piece_size(pattern: Pattern) -> int:
    """In characters, of what is searched in one call."""
    return max(2 * OVERLAP, STEPS_AT_ONCE // pattern.programsize)


def _first_match(pattern: Pattern, text: str, size: int, clock: _Clock) -> Span | None:
    if len(text) <= size:
        return _match_between(pattern, text, 0, len(text))
    for start in range(0, len(text) - OVERLAP, size - OVERLAP):
        clock.tick()
        if span := _match_between(pattern, text, start, min(start + size, len(text))):
            return span
    return None


def _match_between(pattern: Pattern, text: str, start: int, end: int) -> Span | None:
    """With a character on each side, so that it knows whether a line or a word ends there."""
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    inner = text[start:end].encode("utf-8", "replace")
    left = before.encode("utf-8", "replace")
    whole = left + inner + after.encode("utf-8", "replace") if before or after else inner
    match = pattern.search(whole, len(left), len(left) + len(inner))
    if match is None:
        return None
    first, last = match.span()
    skipped = len(whole[len(left) : first].decode("utf-8", "replace"))
    return start + skipped, start + skipped + len(whole[first:last].decode("utf-8", "replace"))


def _reason(error: Exception) -> str:
    told = error.args[0] if error.args else "unknown"
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    return f"Not a regular expression of RE2: {text[:LONGEST_MESSAGE]}"


_SCANS = BoundedSemaphore(SCANS_AT_ONCE)
