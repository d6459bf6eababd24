"""Conversations of ChatGPT's export (conversations.json) as items of ours.

Nodes of a tree, linked by `parent`; `current_node` is the end of the branch that its user saw
last. That branch becomes the conversation. The others would be part of its history here, where
a conversation is one sequence: they are left out, and counted.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from conversations.portable.checks import checked
from conversations.portable.entries import Entry
from conversations.portable.errors import Unreadable
from conversations.portable.records import OWNER, ConversationLine, MessageLine
from conversations.portable.report import Outcome

# Where signed-in users keep what they have said (T-3).
SURFACE = "threads"
_UNTITLED = "ChatGPT"
_LONGEST_TITLE = 255
_LATEST = 4_102_444_800.0
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NOT_SAID = {"thoughts", "reasoning_recap", "user_editable_context", "model_editable_context"}
_PROGRAM = {"code", "execution_output"}
_NOTES = ("image", "audio", "video")


class _Node(Struct):
    parent: str | None = None
    message: Any = None


class _Conversation(Struct):
    mapping: dict[str, _Node]
    id: str | None = None
    conversation_id: str | None = None
    title: str | None = None
    create_time: float | None = None
    update_time: float | None = None
    current_node: str | None = None


class _Author(Struct):
    role: str
    name: str | None = None


class _Message(Struct):
    author: _Author
    content: dict[str, Any]
    create_time: float | None = None
    update_time: float | None = None
    metadata: dict[str, Any] | None = None


def entries_in(number: int, item: Any) -> Iterator[Entry | Outcome]:
    """The conversation, then its messages, oldest first; raises Unreadable."""
    found = _converted(item, _Conversation)
    source_id = found.conversation_id or found.id
    if not source_id:
        raise Unreadable("A conversation without an id")
    began = _milliseconds(found.create_time, found.update_time)
    id = _id_at(began, source_id)
    path = _path(found)
    yield Entry(number, _conversation_line(found, id, source_id, began), _note(found, path))
    parent, at = None, began
    for node_id in path:
        message = found.mapping[node_id].message
        at = max(at + 1, _milliseconds(_time_in(message)))
        message_id = _id_at(at, f"{source_id}\n{node_id}")
        try:
            line = _message_line(message, id, message_id, parent, at)
        except Unreadable as error:
            yield Outcome(number, "message", str(message_id), "refused", str(error))
            continue
        if line is not None:
            parent = line.id
            yield Entry(number, line)


def _conversation_line(
    found: _Conversation, id: UUID, source_id: str, began: int
) -> ConversationLine:
    title = _clean(found.title or "").strip() or _UNTITLED
    return checked(
        ConversationLine(
            id=id,
            surface=SURFACE,
            title=title[:_LONGEST_TITLE],
            metadata={"chatgpt_id": _clean(source_id)},
            created_at=_time(began),
            updated_at=_time(max(began, _milliseconds(found.update_time))),
        )
    )


def _message_line(
    raw: Any, conversation_id: UUID, id: UUID, parent_id: UUID | None, at: int
) -> MessageLine | None:
    """None for what nobody said or saw: empty nodes, hidden ones, the model's thoughts."""
    if not raw:
        return None
    message = _converted(raw, _Message)
    metadata = message.metadata or {}
    text = _clean(_text_in(message.content))
    if not text.strip() or metadata.get("is_visually_hidden_from_conversation") is True:
        return None
    role = message.author.role if message.author.role in ("user", "system") else "assistant"
    slug = metadata.get("model_slug")
    return MessageLine(
        id=id,
        conversation_id=conversation_id,
        parent_id=parent_id,
        role=role,
        sender_id={"user": OWNER, "assistant": "assistant"}.get(role, ""),
        content=text,
        model=_clean(slug) if isinstance(slug, str) and role == "assistant" else None,
        metadata=_author_in(message.author),
        created_at=_time(at),
        updated_at=_time(max(at, _milliseconds(message.update_time))),
    )


def _path(found: _Conversation) -> list[str]:
    """From the root to the current node."""
    node_id = found.current_node
    if node_id not in found.mapping:
        # Old exports have none: the latest message is the end.
        times = {id: _milliseconds(_time_in(node.message)) for id, node in found.mapping.items()}
        node_id = max(times, key=lambda id: times[id], default=None)
    path: dict[str, None] = {}
    while node_id in found.mapping and node_id not in path:
        path[node_id] = None
        node_id = found.mapping[node_id].parent
    return list(reversed(path))


def _note(found: _Conversation, path: Sequence[str]) -> str | None:
    on_path = set(path)
    others = sum(bool(node.message) for id, node in found.mapping.items() if id not in on_path)
    return f"{others} messages of other branches were left out" if others else None


def _text_in(content: Mapping[str, Any]) -> str:
    kind = content.get("content_type")
    if kind in _NOT_SAID:
        return ""
    if isinstance(parts := content.get("parts"), list):
        return "\n".join(text for part in parts if (text := _part_text(part)))
    text = next((v for k in ("text", "result") if isinstance(v := content.get(k), str) and v), "")
    return _fenced(text) if kind in _PROGRAM and text.strip() else text


def _part_text(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return ""
    if isinstance(text := part.get("text"), str) and text.strip():
        return text
    kind = str(part.get("content_type") or "")
    return next((f"[{note}]" for note in _NOTES if note in kind), "[attachment]")


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


def _author_in(author: _Author) -> dict[str, Any]:
    """Tools speak as the assistant here; what they were is kept."""
    if author.role in ("user", "assistant", "system"):
        return {}
    return {"chatgpt_author": _clean(f"{author.role} {author.name or ''}".strip())[:255]}


def _converted(value: Any, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Unreadable(f"Not as ChatGPT writes it: {error}"[:200]) from error


def _time_in(message: Any) -> float | None:
    time = message.get("create_time") if isinstance(message, dict) else None
    return time if isinstance(time, int | float) else None


def _milliseconds(*seconds: float | None) -> int:
    """Of the first that is a time between 1970 and 2100; 0 if there is none."""
    for value in seconds:
        if value is not None and 0 < value < _LATEST:
            return int(value * 1000)
    return 0


def _time(milliseconds: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(milliseconds=milliseconds)


def _id_at(milliseconds: int, source: str) -> UUID:
    """A UUIDv7 that is always the same: ChatGPT's own are not in order, and ours have to be."""
    digest = hashlib.sha256(f"chatgpt\n{source}".encode("utf-8", "replace")).digest()
    random = int.from_bytes(digest[:10])
    low = (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | low)


def _clean(text: str) -> str:
    """Without what no database takes: NUL, and halves of characters."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")
