"""OpenAI's Responses API, which keeps its answers and continues them."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from providers.backends.chat_completions import Refuse
from providers.errors import PreviousAnswerUnknown, ProviderRefused
from providers.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, ToolCallDelta
from providers.framing import unfinished
from providers.types import ChatMessage, Continuation, ProviderRequest, SentFile, ToolSpec

_TEXT = {"response.output_text.delta", "response.refusal.delta"}
_REASONING = {"response.reasoning_text.delta", "response.reasoning_summary_text.delta"}
_LAST = {"response.completed", "response.incomplete"}
_USAGE = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "total_tokens": "total_tokens",
}


class _Item(Struct):
    """Kinds of item that are not read may use these names for anything."""

    type: str = ""
    call_id: Any = None
    name: Any = None
    arguments: Any = None
    content: Any = None


class _Incomplete(Struct):
    reason: str | None = None


class _Response(Struct):
    id: str | None = None
    output: list[_Item] | None = None
    usage: Any = None
    error: Any = None
    incomplete_details: _Incomplete | None = None


class _Event(_Response):
    """A stream event, or (without a type) a whole answer."""

    type: str | None = None
    delta: Any = None
    response: _Response | None = None
    item: _Item | None = None
    output_index: int = 0
    message: Any = None
    code: Any = None


_decoder = msgspec.json.Decoder(_Event)


def request_body(request: ProviderRequest, continuation: Continuation) -> dict[str, Any]:
    """The question; what the provider keeps itself is not said again."""
    body: dict[str, Any] = {"stream": True, **request.options}
    body.pop("previous_response_id", None)
    messages = request.messages
    if continuation.previous_id is not None:
        messages = continuation.messages
        body["previous_response_id"] = continuation.previous_id
    body["model"] = request.model
    body["input"] = [item for message in messages for item in _items(message)]
    if request.tools:
        body["tools"] = [*(request.options.get("tools") or ()), *map(_tool, request.tools)]
    return body


def _tool(tool: ToolSpec) -> dict[str, Any]:
    described = {"name": tool.name, "description": tool.description}
    return {"type": "function", **described, "parameters": dict(tool.parameters)}


def _items(message: ChatMessage) -> Iterator[dict[str, Any]]:
    """The message, and the calls in it, which are items of their own."""
    if message.tool_call_id is not None:
        output = {"call_id": message.tool_call_id, "output": message.content}
        yield {"type": "function_call_output", **output}
        return
    if message.content or message.files or not message.tool_calls:
        yield {"role": message.role, "content": _content(message)}
    for call in message.tool_calls:
        named = {"call_id": call.call_id, "name": call.name, "arguments": call.arguments or "{}"}
        yield {"type": "function_call", **named}


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    """The text alone, or parts where files go along."""
    if not message.files:
        return message.content
    return [{"type": "input_text", "text": message.content}, *map(_part, message.files)]


def _part(file: SentFile) -> dict[str, Any]:
    if file.is_image:
        return {"type": "input_image", "image_url": file.data_url}
    return {"type": "input_file", "filename": file.filename, "file_data": file.data_url}


def as_unknown_previous(refusal: ProviderRefused) -> PreviousAnswerUnknown | None:
    """The refusal again, if it says that the answer to continue from is not known."""
    text = str(refusal).casefold()
    not_found = "not found" in text and ("previous response" in text or "previous_resp" in text)
    invalid = "invalid" in text and "previous_response_id" in text
    if refusal.code != "previous_response_not_found" and not (not_found or invalid):
        return None
    return PreviousAnswerUnknown(str(refusal), refusal.status, refusal.code)


class ResponsesParser:
    """Reads one answer, streamed or whole."""

    def __init__(self, *, name: str, refuse: Refuse) -> None:
        self._name = name
        self._refuse = refuse
        self._readable = False
        self._spoke = False
        self._calls: dict[int, int] = {}
        self._last: Finished | None = None

    @property
    def ended(self) -> bool:
        return self._last is not None

    @property
    def complete(self) -> bool:
        return self.ended

    def feed(self, payload: bytes) -> Iterator[ProviderEvent]:
        try:
            event = _decoder.decode(payload)
        except (ValueError, RecursionError):
            # One bad chunk in a good stream is passed over (C-9.9).
            return
        if event.type is None:
            yield from self._whole(event)
            return
        self._readable = True
        if event.type in _LAST:
            yield from self._end(event.response or event)
        else:
            yield from self._delta(event)

    def finish(self) -> Finished:
        if self._last is None:
            raise unfinished(self._name, is_readable=self._readable)
        return self._last

    def _delta(self, event: _Event) -> Iterator[ProviderEvent]:
        match event.type:
            case "error":
                raise self._refuse(event.error or {"message": event.message, "code": event.code})
            case "response.failed":
                raise self._refuse((event.response or event).error)
            case "response.output_item.added" if event.item is not None:
                yield from self._call(event.output_index, event.item)
            case "response.function_call_arguments.delta" if isinstance(event.delta, str):
                yield ToolCallDelta(self._index(event.output_index), None, None, event.delta)
            case _ if isinstance(event.delta, str) and event.delta:
                yield from self._words(event.type or "", event.delta)

    def _words(self, kind: str, delta: str) -> Iterator[ProviderEvent]:
        if kind in _TEXT:
            self._spoke = True
            yield TextDelta(delta)
        elif kind in _REASONING:
            yield ReasoningDelta(delta)

    def _call(self, output_index: int, item: _Item) -> Iterator[ProviderEvent]:
        if item.type == "function_call":
            index = self._index(output_index)
            yield ToolCallDelta(index, item.call_id, item.name, item.arguments or "")

    def _index(self, output_index: int) -> int:
        """Calls are counted among themselves, as in chat completions."""
        return self._calls.setdefault(output_index, len(self._calls))

    def _whole(self, answer: _Event) -> Iterator[ProviderEvent]:
        if answer.error:
            raise self._refuse(answer.error)
        if answer.output is not None:
            yield from self._end(answer)

    def _end(self, response: _Response) -> Iterator[ProviderEvent]:
        details = response.incomplete_details
        reason = (details.reason if details else None) or "stop"
        self._last = Finished(reason, _usage(response.usage), response.id)
        for output_index, item in enumerate(response.output or ()):
            if not self._spoke and (text := _text(item)):
                yield TextDelta(text)
            if output_index not in self._calls:
                yield from self._call(output_index, item)


def _text(item: _Item) -> str:
    if item.type != "message":
        return ""
    parts = item.content if isinstance(item.content, list) else []
    texts = (p.get("text") or p.get("refusal") for p in parts if isinstance(p, dict))
    return "".join(text for text in texts if isinstance(text, str))


def _usage(usage: Any) -> dict[str, Any] | None:
    if not isinstance(usage, Mapping):
        return None
    return {ours: usage[theirs] for theirs, ours in _USAGE.items() if theirs in usage}
