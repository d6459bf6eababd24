"""Logs and cursors: contiguous, in order, or with an explicit reset (P4)."""

import asyncio
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.turns.events import (
    AttemptStarted,
    TextReset,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
    text_of,
)
from conversations.turns.log import Cursor, Entry, Follower, TurnLog
from providers.events import RawChunk, ReasoningDelta, TextDelta

TURN = UUID("01a1fd36-8257-7028-aca7-a763b0e04125")
END = TurnCompleted("m")


def log_of(*texts: str, exact: bool = True, ended: bool = True) -> TurnLog:
    log = TurnLog(TURN, exact=exact)
    log.extend([TurnStarted(str(TURN)), AttemptStarted("p", "m", "default")])
    log.extend(TextDelta(text) for text in texts)
    if ended:
        log.append(END)
    return log


def text_in(entries: list[Entry]) -> str:
    return "".join(text_of(entry.event) for entry in entries)


async def woken(follower: Follower) -> list[Entry]:
    """What a read gives that is woken for nothing."""
    reading = asyncio.create_task(follower.read())
    await asyncio.sleep(0)
    follower.wake()
    return await reading


async def test_a_follower_gets_everything_that_is_new_at_once() -> None:
    log = log_of("a", ended=False)
    follower = log.follow()
    assert len(await follower.read()) == 3
    log.extend([TextDelta("b"), TextDelta("c"), END])
    assert [entry.event for entry in await follower.read()] == [
        TextDelta("b"),
        TextDelta("c"),
        END,
    ]


async def test_a_read_that_is_woken_for_nothing_is_empty() -> None:
    follower = log_of("a", ended=False).follow()
    await follower.read()
    assert await woken(follower) == []


async def test_every_waiting_follower_is_woken() -> None:
    log = log_of(ended=False)
    followers = [log.follow() for _ in range(5)]
    for follower in followers:
        await follower.read()
    reads = [asyncio.create_task(follower.read()) for follower in followers]
    await asyncio.sleep(0)
    log.append(TextDelta("x"))
    assert [text_in(entries) for entries in await asyncio.gather(*reads)] == ["x"] * 5


@pytest.mark.parametrize("exact", [True, False])
async def test_a_reader_that_has_seen_the_end_is_told_it_again(exact: bool) -> None:
    log = log_of("a", "b", exact=exact)
    entries = await log.follow(Cursor(TURN, len(log), 2)).read()
    assert [entry.event for entry in entries] == [END]


async def test_a_cursor_ahead_of_a_running_log_waits_for_it() -> None:
    log = log_of("a", ended=False)
    follower = log.follow(Cursor(TURN, 4, 2))
    assert await woken(follower) == []
    log.extend([TextDelta("b"), TextDelta("c")])
    assert text_in(await follower.read()) == "c"


async def test_a_cursor_beyond_the_text_of_a_broken_turn_gets_a_reset() -> None:
    log = log_of("ab", ended=False)
    follower = log.follow(Cursor(TURN, 30, 99))
    assert await woken(follower) == []
    log.append(TurnFailed("interrupted", "…"))
    entries = await follower.read()
    assert [entry.event for entry in entries] == [
        TextReset("ab"),
        TurnFailed("interrupted", "…"),
    ]


async def test_a_reader_without_a_place_starts_afresh() -> None:
    log = log_of("ab", ended=False)
    follower = log.follow_afresh()
    assert [entry.event for entry in await follower.read()] == [TextReset("ab")]
    log.append(TextDelta("c"))
    assert text_in(await follower.read()) == "c"


async def test_what_carries_no_text_is_not_cut_away() -> None:
    log = TurnLog(TURN)
    log.extend([TextDelta("ab"), ReasoningDelta("hm"), RawChunk(b"{}", ""), TextDelta("c"), END])
    entries = await log.follow(Cursor(TURN, 0, 1)).read()
    assert [entry.event for entry in entries] == [
        TextDelta("b"),
        ReasoningDelta("hm"),
        RawChunk(b"{}", ""),
        TextDelta("c"),
        END,
    ]


@given(
    texts=st.lists(st.text(min_size=1, max_size=6), max_size=8),
    exact=st.booleans(),
    data=st.data(),
)
def test_any_cursor_that_was_given_out_continues_exactly(
    texts: list[str], exact: bool, data: st.DataObject
) -> None:
    running, whole = log_of(*texts), "".join(texts)
    entry = data.draw(st.sampled_from(running.since(0)))
    cut = data.draw(st.integers(0, len(text_of(entry.event))))
    cursor = Cursor(TURN, entry.seq - 1 if cut else entry.seq, entry.offset - cut)
    later = running if exact else log_of(whole, exact=False) if whole else log_of(exact=False)
    rest = later.rest(Cursor.parse(str(cursor)))
    assert rest is not None
    assert text_in(rest) == whole[cursor.offset :]


@given(
    texts=st.lists(st.text(min_size=1, max_size=6), max_size=8),
    exact=st.booleans(),
    seq=st.integers(0, 12),
    offset=st.integers(0, 60),
)
def test_no_cursor_leaves_a_silent_gap(
    texts: list[str], exact: bool, seq: int, offset: int
) -> None:
    """Also one that was never given out, as one of another numbering."""
    whole = "".join(texts)
    rest = log_of(*texts, exact=exact).rest(Cursor(TURN, seq, offset))
    if rest is None:
        assert offset > len(whole)
    else:
        assert text_in(rest) == whole[offset:]
        assert offset <= len(whole)


@pytest.mark.parametrize("value", ["", "x", "1.2", "a.b.c", f"{TURN.hex}.-1.0", f"{TURN.hex}.1.x"])
def test_what_is_no_cursor_is_none(value: str) -> None:
    assert Cursor.parse(value) is None


async def test_a_closed_follower_no_longer_counts() -> None:
    log = log_of("a")
    follower = log.follow()
    assert log.is_followed
    follower.close()
    follower.close()
    assert not log.is_followed
