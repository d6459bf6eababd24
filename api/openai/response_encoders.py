"""The two sources of a response's events: a turn that is kept, and an answer that is not."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import assert_never

import msgspec

from api.openai.response_events import ResponseEvents
from api.openai.response_items import STOPPED, Json
from api.problems import Problem
from conversations.turns.events import (
    AttemptStarted,
    Queued,
    TextReset,
    ToolEnded,
    ToolStarted,
    TurnCompleted,
    TurnEvent,
    TurnFailed,
    TurnStarted,
    TurnStopped,
    is_end,
)
from conversations.turns.log import Entry
from providers.events import (
    Finished,
    Progress,
    RawChunk,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from providers.resilience.steps import Began, Left, Step, Waiting

_json = msgspec.json.Encoder()


class TurnEncoder:
    """Of a turn's events from its first on; those with numbers up to `after` are left out."""

    def __init__(self, events: ResponseEvents, *, after: int = -1) -> None:
        self._events = events
        self._after = after

    def encode(self, entry: Entry) -> bytes:
        made = _turn_events(self._events, entry.event)
        return _sse(event for event in made if event["sequence_number"] > self._after)


class EndEncoder:
    """Of a turn that is over and whose events are gone: the last one, which holds everything."""

    def __init__(self, events: ResponseEvents, *, after: int) -> None:
        self._events = events
        self._after = after

    def encode(self, entry: Entry) -> bytes:
        *_, last = [None, *_turn_events(self._events, entry.event)]
        if last is None or not is_end(entry.event):
            return b""
        number = max(last["sequence_number"], self._after + 1)
        return _sse([{**last, "sequence_number": number}])


async def drained(steps: AsyncGenerator[Step, None], events: ResponseEvents) -> Json:
    """The whole response; raises ProviderFault."""
    encoder = StepEncoder(events)
    response: Json = {}
    async with aclosing(steps):
        async for step in steps:
            for event in encoder.made(step):
                response = event.get("response", response)
    return response


def _turn_events(events: ResponseEvents, event: TurnEvent) -> Iterable[Json]:
    match event:
        case TurnStarted():
            return events.begin()
        case AttemptStarted(model=model):
            events.model = model
            return ()
        case TextDelta() | ReasoningDelta() | ToolCallDelta():
            return events.piece(event)
        case RawChunk(text=text):
            return events.piece(TextDelta(text)) if text else ()
        case TurnCompleted(finish_reason=reason, usage=usage):
            return events.complete(reason, usage)
        case TurnStopped():
            return events.stop(STOPPED)
        case TurnFailed(message=message):
            return events.fail(message)
        case Queued() | Progress() | ToolStarted() | ToolEnded() | TextReset():
            return ()
        case _ as never:
            assert_never(never)


class StepEncoder:
    """Of an answer without a turn."""

    def __init__(self, events: ResponseEvents) -> None:
        self._events = events
        self._has_begun = False

    def encode(self, step: Step) -> bytes:
        return _sse(self.made(step))

    def fault(self, problem: Problem) -> bytes:
        return _sse(self._events.fail(problem.message))

    def made(self, step: Step) -> Iterable[Json]:
        match step:
            case Began(attempt=attempt):
                self._events.model = attempt.model
                return ()
            case Waiting() | Left() | Progress() | RawChunk():
                return ()
            case _:
                return self._said(step)

    def _said(self, step: TextDelta | ReasoningDelta | ToolCallDelta | Finished) -> Iterable[Json]:
        # Not before there is something to say: until then a fault can be told with a status.
        if not self._has_begun:
            self._has_begun = True
            yield from self._events.begin()
        if isinstance(step, Finished):
            yield from self._events.complete(step.finish_reason, step.usage)
        else:
            yield from self._events.piece(step)


def _sse(events: Iterable[Json]) -> bytes:
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _json.encode(event))
        for event in events
    )
