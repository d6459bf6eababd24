"""The events of our own page: blocks that replace each other, from the start or after a place."""

import json

from api.pages.encoder import BlockEncoder
from conversations.turns.events import TextReset, TurnCompleted, TurnEvent, TurnStarted
from conversations.turns.log import Entry
from providers.events import ReasoningDelta, TextDelta
from tests.sse import Event, parse

TURN = "0" * 32
PIECES = ["# Ti", "tle\n\nOne ", "two.\n\n", "- a\n- b\n"]


def _entries(*events: TurnEvent) -> list[Entry]:
    return [Entry(seq, seq, event) for seq, event in enumerate(events, start=1)]


def _answer() -> list[Entry]:
    return _entries(TurnStarted("t"), *map(TextDelta, PIECES), TurnCompleted("m"))


def _sent(entries: list[Entry], seen: int = 0) -> list[Event]:
    encoder = BlockEncoder(TURN, seen=seen)
    return parse(b"".join(map(encoder.encode, entries)))


def _shown(events: list[Event], blocks: dict[int, str] | None = None) -> dict[int, str]:
    """What a page shows after these events, on top of what it showed before."""
    shown = dict(blocks or {})
    for event in events:
        if event.event == "restart":
            shown.clear()
        for block in json.loads(event.data).get("blocks", []):
            shown[block["index"]] = block["html"]
    return shown


def test_the_blocks_together_are_the_whole_answer() -> None:
    shown = _shown(_sent(_answer()))
    html = "".join(shown[index] for index in sorted(shown))
    assert "<h1" in html
    assert "One two." in html
    assert html.count("<li") == 2


def test_a_page_that_lost_its_stream_ends_up_with_the_same() -> None:
    whole = _shown(_sent(_answer()))
    for seen in range(1, len(_answer()) + 1):
        before = _shown(_sent(_answer()[:seen]))
        assert _shown(_sent(_answer(), seen=seen), before) == whole


def test_a_reset_begins_again_with_the_text_so_far() -> None:
    events = _sent(_entries(TextDelta("wrong\n\n"), TextReset("right\n\n"), TurnCompleted("m")))
    assert "right" in _shown(events)[0]
    assert "wrong" not in "".join(_shown(events).values())


def test_thinking_is_said_once_and_only_before_the_first_word() -> None:
    thought = ReasoningDelta("hm")
    events = _sent(_entries(thought, thought, TextDelta("a"), thought, TurnCompleted("m")))
    statuses = [json.loads(event.data)["status"] for event in events if event.event == "status"]
    assert statuses == ["thinking"]


def test_the_last_event_says_how_it_ended() -> None:
    last = _sent(_answer())[-1]
    assert (last.event, json.loads(last.data)) == ("done", {"status": "completed"})
