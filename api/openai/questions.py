"""What a client of chat completions asks, before anything is known of who answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from api.errors import ValidationFailed
from api.parsing import fields_of, invalid


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """A chat completion's request: `messages` and `options` are as the client has sent them.

    `options` are all fields but `model` and `messages`.
    """

    model: str | None
    messages: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def streams(self) -> bool:
        return bool(self.options.get("stream"))

    @property
    def wants_usage(self) -> bool:
        options = self.options.get("stream_options")
        return isinstance(options, Mapping) and options.get("include_usage") is True


def question_of(request: HttpRequest) -> ChatQuestion:
    """Raises ValidationFailed."""
    fields = fields_of(request)
    model, stream = fields.pop("model", None), fields.get("stream")
    if not isinstance(model, str | None):
        raise invalid("string_type", "Input should be a valid string", "model")
    if not isinstance(stream, bool | None):
        raise invalid("bool_type", "Input should be a valid boolean", "stream")
    return ChatQuestion(model, tuple(_messages(fields)), fields)


def _messages(fields: dict[str, Any]) -> list[dict[str, Any]]:
    if "messages" not in fields:
        raise invalid("missing", "Field required", "messages")
    messages = fields.pop("messages")
    if not isinstance(messages, list):
        raise invalid("list_type", "Input should be a valid list", "messages")
    if not messages:
        raise invalid("too_short", "List should have at least 1 item", "messages")
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            raise _wrong(index, "Input should be a valid object")
        if not isinstance(message.get("role"), str):
            raise _wrong(index, "Input should be a valid string", "role")
    return messages


def _wrong(index: int, reason: str, *path: str) -> ValidationFailed:
    return invalid("message_type", reason, "messages", index, *path)
