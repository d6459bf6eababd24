"""The wire format that most of the field speaks: OpenAI's chat completions."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from providers.backends.agent_chunks import AgentReader, is_agents
from providers.backends.call_numbers import CallNumbers
from providers.errors import ProviderRefused
from providers.events import Finished, ProviderEvent, RawChunk, ReasoningDelta, TextDelta
from providers.events import ToolCallDelta as ToolCallPiece
from providers.framing import Splitter, SseSplitter, WholeSplitter, unfinished
from providers.http import HttpAnswer
from providers.refusals import decoded, error_text

Refuse = Callable[[Any], ProviderRefused]


class _Function(Struct):
    name: str | None = None
    arguments: Any = None


class _ToolCall(Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Message(Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(Struct):
    index: int | None = 0
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None


class _Chunk(Struct):
    id: Any = None
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None
    x_groq: Any = None


_decoder = msgspec.json.Decoder(_Chunk)


def splitter_for(answer: HttpAnswer) -> Splitter:
    """Some servers, and some options, give one JSON object instead of a stream."""
    return WholeSplitter() if answer.is_json else SseSplitter()


class ChatCompletionsParser:
    """Reads one answer, streamed or whole; makes no difference between the two."""

    def __init__(self, *, name: str, refuse: Refuse, keep_raw: bool = False) -> None:
        self.ended = False
        self.complete = False
        self._name = name
        self._refuse = refuse
        self._keep_raw = keep_raw
        self._readable = False
        self._finish_reason: str | None = None
        self._usage: dict[str, Any] | None = None
        self._answer_id: str | None = None
        self._agent = AgentReader()
        self._calls = CallNumbers()

    def feed(self, payload: bytes) -> Iterator[ProviderEvent]:
        if payload.startswith(b"[DONE]"):
            self.ended = True
            return
        try:
            chunk = _decoder.decode(payload)
        except (ValueError, RecursionError):
            yield from self._unknown(payload)
            return
        if error := chunk.error or _groq(chunk, "error"):
            raise self._refuse(error)
        self._note(chunk)
        message = _first_message(chunk)
        if self._keep_raw:
            yield self._raw(payload, chunk, message)
        elif message is not None:
            yield from self._pieces(message)

    def finish(self) -> Finished:
        if not (self._readable and (self.ended or self.complete)):
            raise unfinished(self._name, is_readable=self._readable)
        details = self._agent.details
        return Finished(self._reason, self._usage, self._answer_id, details)

    @property
    def _reason(self) -> str | None:
        # Gemini stops where others call.
        is_call = self._finish_reason == "stop" and self._calls.count > 0
        return "tool_calls" if is_call else self._finish_reason

    def _raw(self, payload: bytes, chunk: _Chunk, message: _Message | None) -> RawChunk:
        text = _said(message) if message else ""
        if is_agents(payload):
            return self._agent.read(RawChunk(_on_one_line(payload), text))
        is_silent = _is_silent(chunk, message) or (message is None and _is_error(payload))
        return RawChunk(_on_one_line(payload), text, is_silent=is_silent)

    def _unknown(self, payload: bytes) -> Iterator[ProviderEvent]:
        found = decoded(payload)
        # Google puts the error that ends a stream into a list.
        if isinstance(found, list) and found and isinstance(found[0], dict):
            found = found[0]
            if found.get("error"):
                raise self._refuse(found["error"])
            return
        # One bad chunk in a good stream is passed over (C-9.9), but a chunk of an unusual shape
        # may mean something to who asked for raw ones.
        if self._keep_raw and isinstance(found, dict):
            yield RawChunk(_on_one_line(payload), is_silent=error_text(found) is not None)

    def _note(self, chunk: _Chunk) -> None:
        if isinstance(chunk.id, str) and chunk.id:
            self._answer_id = chunk.id
        usage = _groq(chunk, "usage") if chunk.usage is None else chunk.usage
        if isinstance(usage, dict):
            self._usage = usage
        for choice in chunk.choices or ():
            self._readable = True
            # Perplexity sends the message so far beside each delta.
            is_whole = choice.message is not None and choice.delta is None
            if not choice.index and (choice.finish_reason or is_whole):
                self._finish_reason = choice.finish_reason or self._finish_reason
                self.complete = True

    def _pieces(self, message: _Message) -> Iterator[ProviderEvent]:
        if reasoning := _thought(message):
            yield ReasoningDelta(reasoning)
        if text := _said(message):
            yield TextDelta(text)
        for call in message.tool_calls or ():
            function = call.function or _Function()
            number = self._calls.of(call.index, call.id, function.name)
            arguments = _json_text(function.arguments)
            yield ToolCallPiece(number, call.id or None, function.name or None, arguments)


def _first_message(chunk: _Chunk) -> _Message | None:
    for choice in chunk.choices or ():
        if not choice.index:
            return choice.delta or choice.message
    return None


def _groq(chunk: _Chunk, field: str) -> Any:
    return chunk.x_groq.get(field) if isinstance(chunk.x_groq, dict) else None


def _is_silent(chunk: _Chunk, message: _Message | None) -> bool:
    """A chunk without choices and counts is none of this format; it may say anything."""
    if message is None:
        return chunk.choices is not None or chunk.usage is not None
    return not (_said(message) or _thought(message) or message.tool_calls)


def _is_error(payload: bytes) -> bool:
    """An error inside a 200 is nothing said, so that somebody else can still be asked."""
    return error_text(decoded(payload)) is not None


def _said(message: _Message) -> str:
    return _text(message.content) or _text(message.refusal)


def _thought(message: _Message) -> str:
    named = _text(message.reasoning_content) or _text(message.reasoning)
    return named or _thinking(message.content)


def _thinking(content: Any) -> str:
    """Mistral thinks in a part of the content."""
    parts = content if isinstance(content, list) else []
    return "".join(_text(part.get("thinking")) for part in parts if isinstance(part, dict))


def _text(content: Any) -> str:
    """The text of a content that is a string or a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


def _on_one_line(payload: bytes) -> bytes:
    if b"\n" in payload or b"\r" in payload:
        return msgspec.json.format(payload, indent=-1)
    return payload


def _json_text(arguments: Any) -> str:
    """Some servers give the arguments as a value, not as its text."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return msgspec.json.encode(arguments).decode()
