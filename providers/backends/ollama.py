"""Ollama, in its own protocol: `/api/chat`, one JSON object per line."""

import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from providers.backends.chat_completions import Refuse
from providers.backends.chat_request import tool_json
from providers.base import Provider
from providers.errors import AnswerUnreadable
from providers.events import Finished, ProviderEvent, ReasoningDelta, TextDelta, ToolCallDelta
from providers.framing import LineSplitter, Splitter, WholeSplitter, unfinished
from providers.http import HttpAnswer, HttpClient
from providers.refusals import decoded
from providers.types import (
    DEFAULT_LIMITS,
    Capabilities,
    ChatMessage,
    Limits,
    ModelInfo,
    ProviderRequest,
    ToolCall,
)

logger = logging.getLogger(__name__)

_CATALOGUE_TIMEOUT = 30.0
_TOP_LEVEL = {"format", "keep_alive", "think", "tools", "stream"}


class _Function(Struct):
    name: str | None = None
    arguments: Any = None


class _ToolCall(Struct):
    id: str | None = None
    function: _Function | None = None


class _Message(Struct):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Line(Struct):
    message: _Message | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Line)


class Ollama(Provider):
    """`debug` logs each line of an answer as it came."""

    capabilities: ClassVar[Capabilities] = Capabilities(tools=True, images=True)

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        model: str,
        limits: Limits = DEFAULT_LIMITS,
        debug: bool = False,
        api_key: str | None = None,
    ) -> None:
        super().__init__(name=name)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._http = HttpClient(name, base_url, headers, limits, (api_key or "",))
        self._model = model
        self._debug = debug

    def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        parser = OllamaParser(name=self.name, refuse=self._http.refused, debug=self._debug)
        whole = request.options.get("stream") is False
        splitter_for = _whole if whole else _lines
        body = request_body(request)
        return self._http.events("/api/chat", body, parser, splitter_for, patient=request.patient)

    async def models(self) -> tuple[ModelInfo, ...]:
        parsed = decoded(await self._http.get_json("/api/tags", _CATALOGUE_TIMEOUT))
        lines = parsed.get("models") if isinstance(parsed, dict) else None
        if not isinstance(lines, list):
            raise AnswerUnreadable(f"The model list of '{self.name}' cannot be read.")
        named = (line for line in lines if isinstance(line, dict) and line.get("name"))
        return tuple(ModelInfo(line["name"], line["name"], line) for line in named)

    async def default_model(self) -> str:
        return self._model

    async def embed(self, body: Mapping[str, Any]) -> bytes:
        """At the address that is for OpenAI's clients."""
        return await self._http.post_json("/v1/embeddings", body)

    async def aclose(self) -> None:
        await self._http.aclose()


class OllamaParser:
    """Reads the lines of one answer; without streaming there is a single one."""

    def __init__(self, *, name: str, refuse: Refuse, debug: bool = False) -> None:
        self._name = name
        self._refuse = refuse
        self._debug = debug
        self._readable = False
        self._calls = 0
        self._last: Finished | None = None

    @property
    def ended(self) -> bool:
        return self._last is not None

    @property
    def complete(self) -> bool:
        return self.ended

    def feed(self, payload: bytes) -> Iterator[ProviderEvent]:
        if self._debug:
            logger.debug("%s: %s", self._name, payload.decode(errors="replace"))
        try:
            line = _decoder.decode(payload)
        except (ValueError, RecursionError):
            # One bad chunk in a good stream is passed over (C-9.9).
            return
        if line.error:
            raise self._refuse(line.error)
        if line.message is not None:
            self._readable = True
            yield from self._pieces(line.message)
        if line.done:
            self._last = Finished(line.done_reason or "stop", _usage(line))

    def finish(self) -> Finished:
        if self._last is None:
            raise unfinished(self._name, is_readable=self._readable)
        return self._last

    def _pieces(self, message: _Message) -> Iterator[ProviderEvent]:
        if message.thinking:
            yield ReasoningDelta(message.thinking)
        if message.content:
            yield TextDelta(message.content)
        for call in message.tool_calls or ():
            function = call.function or _Function()
            yield ToolCallDelta(self._calls, call.id, function.name, _json_text(function.arguments))
            self._calls += 1


def request_body(request: ProviderRequest) -> dict[str, Any]:
    """Options that are no field of the call are parameters of the model."""
    top = {key: value for key, value in request.options.items() if key in _TOP_LEVEL}
    body: dict[str, Any] = {"stream": True, **top}
    body["model"] = request.model
    names = {call.call_id: call.name for m in request.messages for call in m.tool_calls}
    body["messages"] = [_message(m, names) for m in request.messages]
    if request.tools:
        body["tools"] = [*(top.get("tools") or ()), *map(tool_json, request.tools)]
    if parameters := _parameters(request.options):
        body["options"] = parameters
    return body


def _message(message: ChatMessage, names: Mapping[str, str]) -> dict[str, Any]:
    """`names` are the tools of the calls so far, by the calls' ids."""
    said: dict[str, Any] = {"role": message.role, "content": message.content}
    if images := [file.base64 for file in message.files if file.is_image]:
        said["images"] = images
    if message.tool_calls:
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
    if called := names.get(message.tool_call_id or ""):
        said["tool_name"] = called
    return said


def _call(call: ToolCall) -> dict[str, Any]:
    arguments = decoded(call.arguments.encode())
    known = arguments if isinstance(arguments, dict) else {}
    return {"function": {"name": call.name, "arguments": known}}


def _parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    reserved = _TOP_LEVEL | {"options", "model", "messages", "user", "conversation_id"}
    parameters = {key: value for key, value in options.items() if key not in reserved}
    if isinstance(nested := options.get("options"), Mapping):
        parameters |= nested
    if "max_tokens" in parameters:
        # The same thing under Ollama's name (O-3.4).
        parameters.setdefault("num_predict", parameters["max_tokens"])
    return parameters


def _lines(answer: HttpAnswer) -> Splitter:
    return LineSplitter()


def _whole(answer: HttpAnswer) -> Splitter:
    return WholeSplitter()


def _usage(line: _Line) -> dict[str, Any] | None:
    if line.prompt_eval_count is None and line.eval_count is None:
        return None
    prompt, completion = line.prompt_eval_count or 0, line.eval_count or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _json_text(arguments: Any) -> str:
    if isinstance(arguments, str):
        return arguments
    return msgspec.json.encode({} if arguments is None else arguments).decode()
