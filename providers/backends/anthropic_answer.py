"""Anthropic's answers: the events of a stream, or one message.

https://docs.claude.com/en/build-with-claude/streaming
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from providers.backends.chat_completions import Refuse
from providers.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, ToolCallDelta
from providers.framing import unfinished

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_PROMPT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class _Block(Struct):
    """A block, or a piece of one: kinds that are not read may use these names for anything."""

    type: str = ""
    text: Any = None
    thinking: Any = None
    id: Any = None
    name: Any = None
    input: Any = None
    partial_json: Any = None
    stop_reason: Any = None


class _Message(Struct):
    id: Any = None
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: Any = None


class _Event(_Message):
    """A stream event, or (with the type `message`) a whole answer."""

    type: str = ""
    index: int = 0
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Block | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Event)


class MessagesParser:
    """Reads one answer, streamed or whole."""

    def __init__(self, *, name: str, refuse: Refuse) -> None:
        self.ended = False
        self._name = name
        self._refuse = refuse
        self._readable = False
        self._answer_id: str | None = None
        self._finish_reason: str | None = None
        self._usage: dict[str, int] = {}
        self._calls: dict[int, int] = {}
        self._without_arguments: set[int] = set()

    @property
    def complete(self) -> bool:
        return self.ended

    def feed(self, payload: bytes) -> Iterator[ProviderEvent]:
        try:
            event = _decoder.decode(payload)
        except (ValueError, RecursionError):
            # One bad chunk in a good stream is passed over (C-9.9).
            return
        if event.error:
            raise self._refuse(_with_code(event.error))
        match event.type:
            case "message_start":
                self._note(event.message or _Message())
            case "content_block_start":
                yield from self._begun(event.index, event.content_block or _Block())
            case "content_block_delta":
                yield from self._piece(event.index, event.delta or _Block())
            case "content_block_stop":
                yield from self._closed(event.index)
            case "message_delta":
                self._note(event)
                self._stop(event.delta.stop_reason if event.delta else None)
            case "message_stop":
                self.ended = True
            case "message":
                yield from self._whole(event)

    def finish(self) -> Finished:
        if not (self._readable and self.ended):
            raise unfinished(self._name, is_readable=self._readable)
        return Finished(self._finish_reason, _usage(self._usage), self._answer_id)

    def _note(self, message: _Message) -> None:
        self._readable = True
        if isinstance(message.id, str) and message.id:
            self._answer_id = message.id
        counted = message.usage if isinstance(message.usage, dict) else {}
        # Gateways begin with zeros, so that the last word counts where it says more.
        self._usage |= {key: n for key, n in counted.items() if isinstance(n, int) and n}

    def _stop(self, reason: Any) -> None:
        if isinstance(reason, str):
            self._finish_reason = _REASONS.get(reason, reason)

    def _begun(self, index: int, block: _Block) -> Iterator[ProviderEvent]:
        self._readable = True
        if block.type == "tool_use":
            number = self._calls[index] = len(self._calls)
            arguments = msgspec.json.encode(block.input).decode() if block.input else ""
            if not arguments:
                self._without_arguments.add(index)
            yield ToolCallDelta(number, block.id, block.name, arguments)
        else:
            yield from _said(block)

    def _piece(self, index: int, delta: _Block) -> Iterator[ProviderEvent]:
        self._readable = True
        if delta.type != "input_json_delta":
            yield from _said(delta)
        elif index in self._calls and delta.partial_json:
            self._without_arguments.discard(index)
            yield ToolCallDelta(self._calls[index], None, None, delta.partial_json)

    def _closed(self, index: int) -> Iterator[ProviderEvent]:
        if index in self._without_arguments:
            self._without_arguments.discard(index)
            yield ToolCallDelta(self._calls[index], None, None, "{}")

    def _whole(self, answer: _Event) -> Iterator[ProviderEvent]:
        self._note(answer)
        for index, block in enumerate(answer.content or ()):
            yield from self._begun(index, block)
            yield from self._closed(index)
        self._stop(answer.stop_reason)
        self.ended = True


def _said(block: _Block) -> Iterator[ProviderEvent]:
    match block.type:
        case "text" | "text_delta" if isinstance(block.text, str) and block.text:
            yield TextDelta(block.text)
        case "thinking" | "thinking_delta" if isinstance(block.thinking, str) and block.thinking:
            yield ReasoningDelta(block.thinking)


def _with_code(error: Any) -> Any:
    """Anthropic's word for an error is its type."""
    return {"code": error.get("type"), **error} if isinstance(error, dict) else error


def _usage(counted: dict[str, int]) -> dict[str, Any] | None:
    """Under OpenAI's names, where what was read from the cache is part of the prompt."""
    if not counted:
        return None
    prompt = sum(counted.get(name, 0) for name in _PROMPT)
    completion = counted.get("output_tokens", 0)
    usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    usage["total_tokens"] = prompt + completion
    if cached := counted.get("cache_read_input_tokens"):
        usage["prompt_tokens_details"] = {"cached_tokens": cached}
    return usage
