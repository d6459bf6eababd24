"""What a provider is told: the messages, with the bytes of the files that it takes."""

import dataclasses
from collections.abc import Iterable, Iterator

import structlog

from conversations.files import sent_file
from conversations.models import Attachment
from conversations.turns.admission import Opened
from providers.base import Provider
from providers.types import Capabilities, ChatMessage, SentFile

logger = structlog.get_logger(__name__)


def with_files(opened: Opened) -> tuple[ChatMessage, ...]:
    """The messages with their files; reads the storage."""
    return tuple(
        dataclasses.replace(message, files=tuple(_read(opened.files.get(place, ()))))
        for place, message in enumerate(opened.messages)
    )


def as_taken(messages: tuple[ChatMessage, ...], provider: Provider) -> tuple[ChatMessage, ...]:
    """In a form that the provider takes."""
    can = provider.capabilities
    taken = (_with_files(message, can) for message in messages)
    return tuple(taken) if can.tools else tuple(map(_without_tools, taken))


def _with_files(message: ChatMessage, can: Capabilities) -> ChatMessage:
    """Without the files that the provider takes none of: they are an earlier question's."""
    if not message.files:
        return message
    files = [file for file in message.files if (can.images if file.is_image else can.files)]
    return dataclasses.replace(message, files=tuple(files))


def _without_tools(message: ChatMessage) -> ChatMessage:
    """What tools have said, as if the user had: another provider has called them."""
    if message.role == "tool":
        return ChatMessage("user", message.content)
    return dataclasses.replace(message, tool_calls=()) if message.tool_calls else message


def _read(files: Iterable[Attachment]) -> Iterator[SentFile]:
    """Without what has gone from the storage: the question is asked all the same."""
    for file in files:
        try:
            yield sent_file(file)
        except FileNotFoundError:
            logger.warning("attachment_missing", attachment_id=str(file.id))
