"""An answer as a stream of chat completion chunks (O-3.5)."""

import time
from typing import Any, assert_never
from uuid import uuid4

import msgspec

from api.openai.finishing import NOT_COUNTED, finish_reason
from api.openai.pieces import is_part, pieces_of
from api.openai_form import openai_error
from api.problems import Problem
from providers.events import (
    Finished,
    Progress,
    RawChunk,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from providers.resilience.steps import Began, Left, Step, Waiting

DONE = b"data: [DONE]\n\n"
_json = msgspec.json.Encoder()


class ChunkEncoder:
    """Passes on the chunks of OpenAI-like providers, and writes those of the others."""

    def __init__(self, *, wants_usage: bool) -> None:
        self._wants_usage = wants_usage
        self._model = ""
        self._id = f"chatcmpl-{uuid4().hex}"
        self._created = int(time.time())
        self._is_opened = self._is_passed_on = False
        self._calls: set[int] = set()

    def encode(self, step: Step) -> bytes:
        match step:
            case RawChunk():
                return self._raw(step)
            case TextDelta(text=text):
                return self._delta({"content": text})
            case ReasoningDelta(text=text):
                return self._delta({"reasoning_content": text})
            case ToolCallDelta():
                return self._delta({"tool_calls": [self._call(step)]})
            case Began(attempt=attempt):
                self._model = attempt.model
                return b""
            case Finished():
                return DONE if self._is_passed_on else self._end(step)
            case Waiting() | Left() | Progress():
                return b""
            case _ as never:
                assert_never(never)

    def fault(self, problem: Problem) -> bytes:
        """The last words of a stream that has begun (O-3.6)."""
        return _event(openai_error(problem.status, problem.code, problem.message))

    def _raw(self, chunk: RawChunk) -> bytes:
        if not is_part(chunk):
            return b"".join(self.encode(piece) for piece in pieces_of([chunk]))
        self._is_passed_on = True
        return b"data: %b\n\n" % chunk.data

    def _delta(self, delta: dict[str, Any], reason: str | None = None) -> bytes:
        if not self._is_opened:
            self._is_opened = True
            delta = {"role": "assistant", "content": "", **delta}
        return self._chunk([{"index": 0, "delta": delta, "finish_reason": reason}])

    def _call(self, call: ToolCallDelta) -> dict[str, Any]:
        function: dict[str, Any] = {"arguments": call.arguments}
        if call.index in self._calls:
            return {"index": call.index, "function": function}
        self._calls.add(call.index)
        function["name"] = call.name or ""
        call_id = call.call_id or f"call_{self._id[-24:]}{call.index}"
        return {"index": call.index, "id": call_id, "type": "function", "function": function}

    def _end(self, finished: Finished) -> bytes:
        reason = finish_reason(finished.finish_reason, has_called=bool(self._calls))
        counted = b""
        if self._wants_usage:
            counted = self._chunk([], usage=finished.usage or NOT_COUNTED)
        return self._delta({}, reason) + counted + DONE

    def _chunk(self, choices: list[dict[str, Any]], **fields: Any) -> bytes:
        return _event(
            {
                "id": self._id,
                "object": "chat.completion.chunk",
                "created": self._created,
                "model": self._model,
                "choices": choices,
                **fields,
            }
        )


def _event(data: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % _json.encode(data)
