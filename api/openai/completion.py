"""An answer as one chat completion (O-3.3, O-3.4)."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import msgspec

from api.openai.finishing import NOT_COUNTED, finish_reason
from api.openai.pieces import is_part, pieces_of
from conversations.turns.said import calls_of
from providers.events import Finished, RawChunk, ReasoningDelta, TextDelta, ToolCallDelta
from providers.resilience.steps import Began, Step


async def whole(steps: AsyncGenerator[Step, None]) -> bytes:
    """The JSON of the whole answer: the provider's own, where that is OpenAI-like.

    Raises ProviderFault.
    """
    collected = _Collected()
    async with aclosing(steps):
        async for step in steps:
            collected.take(step)
    return collected.json()


class _Collected:
    def __init__(self) -> None:
        self._raw: list[RawChunk] = []
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[ToolCallDelta] = []
        self._model = ""
        self._finished = Finished()

    def take(self, step: Step) -> None:
        match step:
            case RawChunk():
                self._raw.append(step)
            case TextDelta(text=text):
                self._text.append(text)
            case ReasoningDelta(text=text):
                self._reasoning.append(text)
            case ToolCallDelta():
                self._calls.append(step)
            case Began(attempt=attempt):
                self._model = attempt.model
            case Finished():
                self._finished = step
            case _:
                pass

    def json(self) -> bytes:
        if len(self._raw) == 1 and not is_part(self._raw[0]):
            return self._raw[0].data
        for piece in pieces_of(self._raw):
            self.take(piece)
        return msgspec.json.encode(self._completion())

    def _completion(self) -> dict[str, Any]:
        finished = self._finished
        reason = finish_reason(finished.finish_reason, has_called=bool(self._calls))
        choice = {"index": 0, "message": self._message(), "finish_reason": reason}
        return {
            "id": f"chatcmpl-{uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self._model,
            "choices": [{**choice, "logprobs": None}],
            "usage": finished.usage or NOT_COUNTED,
        }

    def _message(self) -> dict[str, Any]:
        text = "".join(self._text)
        calls = [
            {"id": c.call_id, "type": "function", "function": _function(c.name, c.arguments)}
            for c in calls_of(self._calls, name_call=_new_id)
        ]
        message: dict[str, Any] = {"role": "assistant", "content": text or None if calls else text}
        if calls:
            message["tool_calls"] = calls
        if self._reasoning:
            message["reasoning_content"] = "".join(self._reasoning)
        return message


def _new_id(index: int) -> str:
    return f"call_{uuid4().hex[:24]}"


def _function(name: str, arguments: str) -> dict[str, str]:
    return {"name": name, "arguments": arguments}
