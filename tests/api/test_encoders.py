"""Encoders as pure functions: any cut of the text, any cursor given out, the same text."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.chat_stream.encoder import ChatStreamEncoder
from api.conversations.encoder import ConversationEncoder
from api.sse import Encoder
from api.turns.encoder import TurnEncoder
from conversations.turns.events import (
    AttemptStarted,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
    TurnStarted,
    TurnStopped,
)
from conversations.turns.log import Cursor, Entry, TurnLog
from providers.events import RawChunk, ReasoningDelta, TextDelta
from tests.sse import Event, parse

TURN = UUID("01a1fd36-8257-7028-aca7-a763b0e04125")
END = TurnCompleted("01a1fd36-8257-7028-aca7-a763b0e04126", "stop")
ODD = "\u2028\u2029\x85\x0b\x0c"


def as_it_is(text: str) -> str:
    return text


def with_line_feeds(text: str) -> str:
    """B-2.5"""
    return re.sub(r"\r\n?", "\n", text)


def plain_text(event: Event) -> str:
    return event.data if event.event == "delta" else ""


def json_text(event: Event) -> str:
    data: dict[str, str] = json.loads(event.data)
    return data.get("content", data.get("text", ""))


@dataclass(frozen=True)
class Dialect:
    """`text` takes the piece of the answer out of an event; `shown` is how the whole looks."""

    name: str
    encoder: Callable[[], Encoder]
    text: Callable[[Event], str]
    shown: Callable[[str], str] = as_it_is


CHAT_STREAM = Dialect(
    "chat_stream", lambda: ChatStreamEncoder(TURN), plain_text, shown=with_line_feeds
)
CONVERSATIONS = Dialect("conversations", lambda: ConversationEncoder(TURN.hex), json_text)
TURNS = Dialect("turns", lambda: TurnEncoder(TURN.hex), json_text)
each_dialect = pytest.mark.parametrize(
    "dialect", [CHAT_STREAM, CONVERSATIONS, TURNS], ids=lambda dialect: dialect.name
)
LETTERS = st.sampled_from(["\r", "\n", "\r\n", " ", "a", "é", "🦆", *ODD])
PIECES = st.lists(st.lists(LETTERS, max_size=5).map("".join), max_size=8)


def log_of(texts: Iterable[str], *, exact: bool = True, end: TurnEnd | None = END) -> TurnLog:
    log = TurnLog(TURN, exact=exact)
    log.extend([TurnStarted(str(TURN)), AttemptStarted("p", "m", "default")])
    for text in texts:
        log.extend([ReasoningDelta("hm"), TextDelta(text)])
    if end is not None:
        log.append(end)
    return log


def blocks_of(dialect: Dialect, entries: Iterable[Entry]) -> list[bytes]:
    """Each event with its `id:` line; together they are the stream, byte for byte."""
    encoder = dialect.encoder()
    stream = b"".join(map(encoder.encode, entries))
    assert stream.endswith(b"\n\n")
    return [block + b"\n\n" for block in stream.split(b"\n\n")[:-1]]


def text_in(dialect: Dialect, blocks: Iterable[bytes]) -> str:
    return "".join(map(dialect.text, parse(b"".join(blocks))))


def cursor_of(block: bytes) -> Cursor:
    found = re.match(rb"id: (\S+)\n", block)
    assert found is not None
    cursor = Cursor.parse(found[1].decode())
    assert cursor is not None
    return cursor


def cuts(text: str) -> list[list[str]]:
    return [[text[:place], text[place:]] for place in range(len(text) + 1)]


@each_dialect
@pytest.mark.parametrize("pieces", cuts("\r\n a\r\rb\n\n🦆\r\n\ré\n\r"))
def test_a_text_cut_anywhere_is_shown_the_same(dialect: Dialect, pieces: list[str]) -> None:
    blocks = blocks_of(dialect, log_of(pieces).since(0))
    assert text_in(dialect, blocks) == dialect.shown("".join(pieces))


@each_dialect
@given(pieces=PIECES)
def test_any_text_in_any_pieces_is_shown_exactly(dialect: Dialect, pieces: list[str]) -> None:
    blocks = blocks_of(dialect, log_of(pieces).since(0))
    assert text_in(dialect, blocks) == dialect.shown("".join(pieces))


@each_dialect
@pytest.mark.parametrize("exact", [True, False])
@given(pieces=PIECES)
def test_every_cursor_that_was_sent_continues_exactly(
    dialect: Dialect, exact: bool, pieces: list[str]
) -> None:
    """C-10.2; a log that is not exact was made up again from the stored text."""
    blocks = blocks_of(dialect, log_of(pieces).since(0))
    whole = text_in(dialect, blocks)
    later = log_of(pieces if exact else ["".join(pieces)], exact=exact)
    for seen, block in enumerate(blocks, start=1):
        rest = later.follow(cursor_of(block))._take()
        before = text_in(dialect, blocks[:seen])
        assert before + text_in(dialect, blocks_of(dialect, rest)) == whole


@given(pieces=PIECES)
def test_a_chat_streams_cursor_continues_in_the_other_dialects(pieces: list[str]) -> None:
    """Cursors are the turn's, and none of them stands between CR and LF."""
    log, whole = log_of(pieces), "".join(pieces)
    for block in blocks_of(CHAT_STREAM, log.since(0)):
        cursor = cursor_of(block)
        rest = log.follow(cursor)._take()
        assert text_in(TURNS, blocks_of(TURNS, rest)) == whole[cursor.offset :]
        assert whole[max(cursor.offset - 1, 0) : cursor.offset + 1] != "\r\n"


@given(pieces=PIECES)
def test_a_chat_stream_holds_to_its_form(pieces: list[str]) -> None:
    """B-2.2 to B-2.4: one line of text an event, a line feed one of its own with two lines."""
    form = rb"id: [^\r\n]+\nevent: delta\ndata: (?:[^\r\n]+|\ndata: )\n\n"
    *deltas, done = blocks_of(CHAT_STREAM, log_of(pieces).since(0))
    assert [block for block in deltas if not re.fullmatch(form, block)] == []
    assert re.fullmatch(rb"id: [^\r\n]+\nevent: done\ndata: resp_[0-9a-f]{32}\n\n", done)


@given(pieces=PIECES)
def test_a_reader_that_trims_lines_loses_breaks_and_nothing_else(pieces: list[str]) -> None:
    """B-2.4"""
    *deltas, _ = blocks_of(CHAT_STREAM, log_of(pieces).since(0))
    lines = b"".join(deltas).decode().split("\n")
    text = "".join(line[6:] for line in lines if line.startswith("data: "))
    assert text == re.sub(r"[\r\n]", "", "".join(pieces))


@each_dialect
@pytest.mark.parametrize(
    "end",
    [
        END,
        TurnStopped(),
        TurnStopped("01a1fd36-8257-7028-aca7-a763b0e04126"),
        TurnFailed("refused", "one\r\ntwo\n\nevent: done\ndata: x"),
        TurnFailed("refused", ""),
    ],
)
def test_the_end_is_one_event_whatever_it_says(dialect: Dialect, end: TurnEnd) -> None:
    *_, last = blocks_of(dialect, log_of(["a\r"], end=end).since(0))
    assert len(parse(last)) == 1
    assert len(re.findall(rb"(?m)^data: ", last)) == 1


@each_dialect
def test_reasoning_and_empty_pieces_are_not_sent(dialect: Dialect) -> None:
    log = TurnLog(TURN)
    log.extend([ReasoningDelta("hm"), TextDelta(""), RawChunk(b'{"a": 1}', "")])
    assert b"".join(map(dialect.encoder().encode, log.since(0))) == b""
