"""The wire format that most of the field speaks: OpenAI's chat completions."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from providers.backends.agent_chunks import AgentReader, is_agents
from providers.errors import AnswerCut, AnswerUnreadable, ProviderRefused
from providers.events import Finished, ProviderEvent, RawChunk, ReasoningDelta, TextDelta
from providers.events import ToolCallDelta as ToolCallPiece
from providers.framing import Splitter, SseSplitter, WholeSplitter
from providers.http import HttpAnswer
from providers.refusals import decoded
from providers.types import ChatMessage, ProviderRequest, SentFile

Refuse = Callable[[Any], ProviderRefused]


class _Function(Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Message(Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
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


_decoder = msgspec.json.Decoder(_Chunk)


def request_body(request: ProviderRequest) -> dict[str, Any]:
    """The question; options go out as they are, but cannot stand in for what is asked."""
    body: dict[str, Any] = {"stream": True}
    if request.options.get("stream", True):
        body["stream_options"] = {"include_usage": True}
    body |= request.options
    body["model"] = request.model
    body["messages"] = [{"role": m.role, "content": _content(m)} for m in request.messages]
    return body


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    """The text alone, or parts where files go along."""
    if not message.files:
        return message.content
    return [{"type": "text", "text": message.content}, *map(_part, message.files)]


def _part(file: SentFile) -> dict[str, Any]:
    if file.is_image:
        return {"type": "image_url", "image_url": {"url": file.data_url}}
    return {"type": "file", "file": {"filename": file.filename, "file_data": file.data_url}}


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

    def feed(self, payload: bytes) -> Iterator[ProviderEvent]:
        if payload.startswith(b"[DONE]"):
            self.ended = True
            return
        try:
            chunk = _decoder.decode(payload)
        except (ValueError, RecursionError):
            yield from self._unknown(payload)
            return
        if chunk.error:
            raise self._refuse(chunk.error)
        self._note(chunk)
        message = _first_message(chunk)
        if self._keep_raw:
            raw = RawChunk(_on_one_line(payload), _text(message.content) if message else "")
            yield self._agent.read(raw) if is_agents(payload) else raw
        elif message is not None:
            yield from _pieces(message)

    def finish(self) -> Finished:
        if not self._readable:
            raise AnswerUnreadable(f"The answer of '{self._name}' holds nothing readable.")
        if not (self.ended or self.complete):
            raise AnswerCut(f"The answer of '{self._name}' was cut before its end.")
        details = self._agent.details
        return Finished(self._finish_reason, self._usage, self._answer_id, details)

    def _unknown(self, payload: bytes) -> Iterator[ProviderEvent]:
        # One bad chunk in a good stream is passed over (C-9.9), but a chunk of an unusual shape
        # may mean something to who asked for raw ones.
        if self._keep_raw and isinstance(decoded(payload), dict):
            yield RawChunk(_on_one_line(payload))

    def _note(self, chunk: _Chunk) -> None:
        if isinstance(chunk.id, str) and chunk.id:
            self._answer_id = chunk.id
        if isinstance(chunk.usage, dict):
            self._usage = chunk.usage
        for choice in chunk.choices or ():
            self._readable = True
            if not choice.index and (choice.finish_reason or choice.message):
                self._finish_reason = choice.finish_reason or self._finish_reason
                self.complete = True


def _first_message(chunk: _Chunk) -> _Message | None:
    for choice in chunk.choices or ():
        if not choice.index:
            return choice.delta or choice.message
    return None


def _pieces(message: _Message) -> Iterator[ProviderEvent]:
    if reasoning := _text(message.reasoning_content) or _text(message.reasoning):
        yield ReasoningDelta(reasoning)
    if text := _text(message.content):
        yield TextDelta(text)
    for position, call in enumerate(message.tool_calls or ()):
        function = call.function or _Function()
        index = position if call.index is None else call.index
        yield ToolCallPiece(index, call.id, function.name, function.arguments or "")


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
