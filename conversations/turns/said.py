"""What a stored message stands for: mostly itself, sometimes several and calls of tools."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from conversations.models import Message
from providers.events import AnswerDetails, ToolCallDelta
from providers.types import ChatMessage, ToolCall

# In the metadata of a question and of an answer.
_SAID, _CALLS = "said", "tool_calls"


class _Call(msgspec.Struct):
    call_id: str
    name: str
    arguments: str


class _Said(msgspec.Struct):
    role: str
    content: str
    tool_calls: list[_Call] = []
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Expanded:
    """The messages as providers get them; `places` says where the files of each row belong."""

    messages: tuple[ChatMessage, ...]
    places: tuple[int, ...]


def expanded(rows: Iterable[Message]) -> Expanded:
    messages: list[ChatMessage] = []
    places: list[int] = []
    for row in rows:
        said = said_in(row.role, row.content, row.metadata)
        places.append(len(messages) + place_of_files(said))
        messages.extend(said)
    return Expanded(tuple(messages), tuple(places))


def said_in(role: str, content: str, metadata: Mapping[str, Any]) -> tuple[ChatMessage, ...]:
    """The messages that a question or an answer consists of, oldest first; at least one."""
    if said := _converted(metadata.get(_SAID), list[_Said]):
        return tuple(map(_message, said))
    return (ChatMessage(role, content, tool_calls=calls_in(metadata)),)


def calls_in(metadata: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """The tools that an answer has called, for whoever asked to run them."""
    calls: list[_Call] = _converted(metadata.get(_CALLS), list[_Call]) or []
    return tuple(ToolCall(call.call_id, call.name, call.arguments) for call in calls)


def as_said(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """The metadata of a question that consists of these messages; files are no part of it."""
    return {
        _SAID: [
            {
                "role": message.role,
                "content": message.content,
                "tool_calls": list(map(_call_json, message.tool_calls)),
                "tool_call_id": message.tool_call_id,
            }
            for message in messages
        ]
    }


def with_calls(details: AnswerDetails | None, calls: Sequence[ToolCall]) -> AnswerDetails | None:
    """The details of an answer that has called these tools."""
    if not calls:
        return details
    details = details or AnswerDetails()
    metadata = {**details.metadata, _CALLS: list(map(_call_json, calls))}
    return msgspec.structs.replace(details, metadata=metadata)


def calls_of(
    pieces: Iterable[ToolCallDelta], *, name_call: Callable[[int], str] = "call_{}".format
) -> tuple[ToolCall, ...]:
    """Whole calls from the pieces of one answer; `name_call` gives an id to one that has none."""
    found: dict[int, list[ToolCallDelta]] = {}
    for piece in pieces:
        found.setdefault(piece.index, []).append(piece)
    return tuple(_whole(found[index], name_call) for index in sorted(found))


def _whole(pieces: list[ToolCallDelta], name_call: Callable[[int], str]) -> ToolCall:
    call_id = next((piece.call_id for piece in pieces if piece.call_id), "")
    call_id = call_id or name_call(pieces[0].index)
    name = next((piece.name for piece in pieces if piece.name), "")
    return ToolCall(call_id, name, "".join(piece.arguments for piece in pieces) or "{}")


def place_of_files(said: Sequence[ChatMessage]) -> int:
    """With the user's last words."""
    places = [place for place, message in enumerate(said) if message.role == "user"]
    return places[-1] if places else 0


def _message(said: _Said) -> ChatMessage:
    calls = tuple(ToolCall(call.call_id, call.name, call.arguments) for call in said.tool_calls)
    return ChatMessage(said.role, said.content, tool_calls=calls, tool_call_id=said.tool_call_id)


def _call_json(call: ToolCall) -> dict[str, str]:
    return {"call_id": call.call_id, "name": call.name, "arguments": call.arguments}


def _converted(value: Any, form: Any) -> Any:
    """None for what somebody else has put there."""
    try:
        return None if value is None else msgspec.convert(value, form)
    except msgspec.ValidationError:
        return None
