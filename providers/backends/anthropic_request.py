"""The question as Anthropic's Messages API wants it.

https://docs.claude.com/en/api/messages
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.backends.anthropic_files import file_block
from providers.refusals import decoded
from providers.types import ChatMessage, ProviderRequest, ToolCall, ToolSpec

MAX_TOKENS = 4096
_SYSTEM = {"system", "developer"}
_PASSED = ("top_p", "top_k", "thinking", "stream")
_HOTTEST = 1.0
_CHOICES = {"auto": "auto", "none": "none", "required": "any"}
# The first message must be the user's.
_OPENING = {"type": "text", "text": "…"}

_Json = dict[str, Any]


def request_body(request: ProviderRequest, *, name: str) -> _Json:
    """Of the options only those that Anthropic knows; it refuses all others.

    Raises ProviderRefused for a file that it does not take.
    """
    body: _Json = {"stream": True, **_options(request.options)}
    body["model"] = request.model
    body["messages"] = _messages(request.messages, name)
    if system := _system(request.messages):
        body["system"] = system
    if tools := [*_offered(request.options.get("tools")), *map(_tool, request.tools)]:
        body["tools"] = tools
        body |= _choice(request.options)
    return body


def _options(options: Mapping[str, Any]) -> _Json:
    found = {name: options[name] for name in _PASSED if options.get(name) is not None}
    limit = options.get("max_tokens") or options.get("max_completion_tokens")
    found["max_tokens"] = limit or MAX_TOKENS + _thoughts(options.get("thinking"))
    temperature = options.get("temperature")
    if isinstance(temperature, int | float):
        # OpenAI's scale goes up to 2.
        found["temperature"] = min(temperature, _HOTTEST)
    if stops := _stops(options.get("stop", options.get("stop_sequences"))):
        found["stop_sequences"] = stops
    return found


def _thoughts(thinking: Any) -> int:
    """The tokens for thinking, which must be fewer than all."""
    budget = thinking.get("budget_tokens") if isinstance(thinking, Mapping) else None
    return budget if isinstance(budget, int) else 0


def _stops(stop: Any) -> list[str]:
    """Blank ones are left out: they would be refused."""
    listed = [stop] if isinstance(stop, str) else stop
    if not isinstance(listed, Sequence):
        return []
    return [text for text in listed if isinstance(text, str) and text.strip()]


def _system(messages: Sequence[ChatMessage]) -> str:
    texts = (m.content for m in messages if m.role in _SYSTEM)
    return "\n\n".join(text for text in texts if text.strip())


def _messages(messages: Sequence[ChatMessage], name: str) -> list[_Json]:
    """Neighbours of one role become one message, and what is blank is left out."""
    merged: list[_Json] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = [] if message.role in _SYSTEM else list(_blocks(message, name))
        if blocks and merged and merged[-1]["role"] == role:
            merged[-1]["content"].extend(blocks)
        elif blocks:
            merged.append({"role": role, "content": blocks})
    if merged and merged[0]["role"] == "assistant":
        merged.insert(0, {"role": "user", "content": [_OPENING]})
    return merged


def _blocks(message: ChatMessage, name: str) -> Iterator[_Json]:
    if message.tool_call_id is not None:
        said = {"content": message.content} if message.content.strip() else {}
        yield {"type": "tool_result", "tool_use_id": message.tool_call_id, **said}
        return
    for file in message.files:
        yield file_block(file, name)
    if message.content.strip():
        yield {"type": "text", "text": message.content}
    for call in message.tool_calls:
        yield _use(call)


def _use(call: ToolCall) -> _Json:
    arguments = decoded(call.arguments.encode())
    known = arguments if isinstance(arguments, dict) else {}
    return {"type": "tool_use", "id": call.call_id, "name": call.name, "input": known}


def _tool(tool: ToolSpec) -> _Json:
    schema = {"type": "object", **tool.parameters}
    return {"name": tool.name, "description": tool.description, "input_schema": schema}


def _offered(tools: Any) -> Iterator[_Json]:
    """The functions among the tools of an OpenAI client."""
    for tool in tools if isinstance(tools, Sequence) else ():
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if isinstance(function, Mapping) and isinstance(function.get("name"), str):
            parameters = function.get("parameters")
            known = parameters if isinstance(parameters, Mapping) else {}
            yield _tool(ToolSpec(function["name"], str(function.get("description") or ""), known))


def _choice(options: Mapping[str, Any]) -> _Json:
    chosen = options.get("tool_choice")
    choice: _Json | None = None
    if isinstance(chosen, str) and chosen in _CHOICES:
        choice = {"type": _CHOICES[chosen]}
    elif isinstance(chosen, Mapping) and isinstance(chosen.get("function"), Mapping):
        choice = {"type": "tool", "name": chosen["function"].get("name")}
    if options.get("parallel_tool_calls") is False and choice != {"type": "none"}:
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    return {"tool_choice": choice} if choice else {}
