"""OpenAI's messages and tools as values that every provider takes (O-3.4)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.errors import ValidationFailed
from api.openai.parts import files_in, text_of
from api.parsing import invalid
from providers.types import ChatMessage, ToolCall, ToolSpec

Place = tuple[str, int]

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_TOOL_ROLES = {"tool": "tool_call_id", "function": "name"}


def chat_messages(
    messages: Sequence[Mapping[str, Any]], *, field: str = "messages"
) -> tuple[ChatMessage, ...]:
    """Raises ValidationFailed for what cannot be said to any other provider than OpenAI.

    `field` is the one of the request that they come from.
    """
    return tuple(_message(message, (field, index)) for index, message in enumerate(messages))


def tool_specs(options: Mapping[str, Any]) -> tuple[ToolSpec, ...]:
    """The functions among the tools, unless the model is not to call any."""
    if options.get("tool_choice") == "none":
        return ()
    return tuple(_specs(options.get("tools")))


def _message(message: Mapping[str, Any], place: Place) -> ChatMessage:
    role, content = message["role"], message.get("content")
    if role in _TOOL_ROLES:
        called = str(message.get(_TOOL_ROLES[role]) or "")
        return ChatMessage("tool", text_of(content), tool_call_id=called)
    if role not in _ROLES:
        known = ", ".join([*_ROLES, *_TOOL_ROLES])
        raise _unsayable(place, f"Input should be one of {known}", "role")
    return ChatMessage(
        _ROLES[role],
        text_of(content),
        files=tuple(files_in(content, lambda reason: _unsayable(place, reason, "content"))),
        tool_calls=tuple(_calls(message.get("tool_calls"))),
    )


def _calls(calls: Any) -> Iterator[ToolCall]:
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            arguments = function.get("arguments")
            yield ToolCall(
                str(call.get("id") or ""),
                str(function.get("name") or ""),
                arguments if isinstance(arguments, str) else "{}",
            )


def _specs(tools: Any) -> Iterator[ToolSpec]:
    for tool in tools if isinstance(tools, list) else ():
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            parameters = function.get("parameters")
            yield ToolSpec(
                function["name"],
                str(function.get("description") or ""),
                parameters if isinstance(parameters, dict) else {"type": "object"},
            )


def _unsayable(place: Place, reason: str, name: str) -> ValidationFailed:
    return invalid("message_type", reason, *place, name)
