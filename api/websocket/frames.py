"""The frames that clients send (W-2, W-4), from JSON to typed values."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from api.websocket.errors import FrameTooLarge, HoldsNul, NoPrompt, NotAnObject
from providers.types import ChatMessage

_ROLES = ("user", "assistant", "system")
# As C-10.7 has it for the header.
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where prompts are to go: a thread (W-6), or with `is_any` any conversation of the caller.

    `id` is as the client wrote it.
    """

    id: str
    is_any: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """`before` is what the client says came before; `key` makes asking again harmless.

    With `events` the frames of the reply carry cursors.
    """

    content: str
    before: tuple[ChatMessage, ...] = ()
    model: str | None = None
    place: Place | None = None
    events: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Attach:
    place: Place


@dataclass(frozen=True, slots=True)
class Regenerate:
    """Another answer in the place of the latest one, or to a question that nothing came of.

    The rest is as in a prompt.
    """

    model: str | None = None
    place: Place | None = None
    events: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Follow a turn from after a cursor; `after` is empty for all of it."""

    turn_id: str
    after: str


@dataclass(frozen=True, slots=True)
class Watch:
    conversation_id: str


class Ping:
    pass


class Stop:
    pass


class ClearHistory:
    pass


ClientFrame = Prompt | Regenerate | Attach | Resume | Watch | Ping | Stop | ClearHistory


def frame_in(data: str | bytes, *, limit: int) -> ClientFrame:
    """What a frame asks for; `limit` is in bytes of UTF-8. Raises FrameFault."""
    raw = data.encode() if isinstance(data, str) else data
    if len(raw) > limit:
        raise FrameTooLarge(limit)
    try:
        fields = msgspec.json.decode(raw)
    except (ValueError, RecursionError) as error:
        raise NotAnObject from error
    if not isinstance(fields, dict):
        raise NotAnObject
    return _frame(fields)


def _frame(fields: dict[str, Any]) -> ClientFrame:
    match fields.get("type"):
        case None:
            return _prompt(fields)
        case "ping":
            return Ping()
        case "stop":
            return Stop()
        case "clear_history":
            return ClearHistory()
        case "regenerate":
            return _regenerate(fields)
        case "resume":
            return Resume(_text(fields, "turn_id"), _text(fields, "after"))
        case "watch":
            return Watch(_text(fields, "conversation_id"))
        case _:
            raise NoPrompt


def _prompt(fields: dict[str, Any]) -> Prompt | Attach:
    place = _place(fields)
    if place is not None and "messages" not in fields:
        return Attach(place)
    found = fields.get("messages")
    entries: list[Any] = found if isinstance(found, list) else []
    if (last := _last_question(entries)) is None:
        raise NoPrompt
    model = _text(fields, "model").strip() or None
    before = tuple(_usable(entries[:last]))
    content: str = entries[last]["content"]
    if any("\0" in text for text in (content, model or "", *(said.content for said in before))):
        raise HoldsNul
    events = fields.get("events") is True
    return Prompt(content, before, model, place, events, _key(fields) if events else None)


def _regenerate(fields: dict[str, Any]) -> Regenerate:
    model = _text(fields, "model").strip() or None
    if "\0" in (model or ""):
        raise HoldsNul
    events = fields.get("events") is True
    return Regenerate(model, _place(fields), events, _key(fields) if events else None)


def _place(fields: dict[str, Any]) -> Place | None:
    for name in ("thread_id", "conversation_id"):
        if (value := fields.get(name)) is not None:
            return Place(value if isinstance(value, str) else "", is_any=name != "thread_id")
    return None


def _last_question(entries: list[Any]) -> int | None:
    """The place of the prompt (W-4.1)."""
    for place in range(len(entries) - 1, -1, -1):
        if _is_usable(entries[place], roles=("user",)):
            return place
    return None


def _usable(entries: Iterable[Any]) -> Iterable[ChatMessage]:
    return (
        ChatMessage(entry["role"], entry["content"])
        for entry in entries
        if _is_usable(entry, roles=_ROLES)
    )


def _is_usable(entry: Any, *, roles: tuple[str, ...]) -> bool:
    if not isinstance(entry, dict) or entry.get("role") not in roles:
        return False
    content = entry.get("content")
    return isinstance(content, str) and bool(content)


def _key(fields: dict[str, Any]) -> str | None:
    value = _text(fields, "id")
    return value if _KEY.fullmatch(value) else None


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
