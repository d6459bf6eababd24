"""The JSON that the streaming chat endpoint takes, and its response ids."""

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from api.parsing import Body, NonEmpty

_OWN_ID = re.compile(r"resp_([0-9a-f]{32})")


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("string_too_short", "String should have at least 1 character")
    return value


class ChatForm(Body):
    """`POST /api/chat/stream`."""

    message: Annotated[NonEmpty, AfterValidator(_not_blank)]
    previous_response_id: str | None = None


def response_id(turn_id: UUID, chain_id: str) -> str:
    """The id of an answer: the provider's own where it keeps answers, else the turn's."""
    return chain_id or f"resp_{turn_id.hex}"


def turn_id_in(value: str) -> UUID | None:
    """The turn that a response id of ours stands for."""
    match = _OWN_ID.fullmatch(value)
    return UUID(hex=match[1]) if match else None
