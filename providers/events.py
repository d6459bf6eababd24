"""What a provider says while it answers, in order, as typed values.

The structs are tagged arrays so that `conversations` can write them to its log as they are.
"""

from typing import Any

from msgspec import Struct, field


class TextDelta(Struct, frozen=True, array_like=True, tag="text"):
    """A piece of the answer; never empty."""

    text: str


class ReasoningDelta(Struct, frozen=True, array_like=True, tag="reasoning"):
    """A piece of what the model thought before it answered; not part of the answer."""

    text: str


class ToolCallDelta(Struct, frozen=True, array_like=True, tag="tool_call"):
    """A piece of a tool call; `arguments` is a fragment of JSON text."""

    index: int
    call_id: str | None
    name: str | None
    arguments: str


class Progress(Struct, frozen=True, array_like=True, tag="progress"):
    """What a provider that takes its time says of how far it is; `fraction` is of 1."""

    message: str
    fraction: float | None = None


class ReceivedFile(Struct, frozen=True, array_like=True):
    """A file that a provider sends along; `file_id` is a UUID of ours in its text form."""

    file_id: str
    filename: str
    content_type: str
    data: bytes


class RawChunk(Struct, frozen=True, array_like=True, tag="raw"):
    """A chunk as the provider sent it, and the piece of the answer found in it (may be empty).

    Of `files` the chunk holds only the ids, which stay behind as `file_ids`. A silent one says
    nothing to the reader: no text, no thought, no call of a tool.
    """

    data: bytes
    text: str = ""
    file_ids: tuple[str, ...] = ()
    files: tuple[ReceivedFile, ...] = ()
    is_silent: bool = False


class AnswerDetails(Struct, frozen=True, array_like=True):
    """What an agent says of its answer beside the text.

    `conversation_id` is the provider's own name of the conversation. `text` stands for all that
    was said, where the agent stopped to ask something.
    """

    conversation_id: str | None = None
    text: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class Finished(Struct, frozen=True, array_like=True, tag="finished"):
    """The provider's last word; `usage` holds its token counts under OpenAI's names."""

    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    answer_id: str | None = None
    details: AnswerDetails | None = None


Piece = TextDelta | ReasoningDelta | ToolCallDelta | RawChunk
ProviderEvent = Piece | Progress | Finished
