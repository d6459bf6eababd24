"""What the OpenAPI schema says of this dialect: the rest is OpenAI's own documentation."""

from typing import Any

from drf_spectacular.types import OpenApiTypes

from api.responses import Answer

OBJECT = {(200, "application/json"): OpenApiTypes.OBJECT}
OBJECT_OR_STREAM = {**OBJECT, (200, "text/event-stream"): OpenApiTypes.STR}


class OpenAIErrorJson(Answer):
    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIProblemJson(Answer):
    """The error envelope of O-2."""

    error: OpenAIErrorJson


def refusals(*statuses: int) -> dict[Any, type[OpenAIProblemJson]]:
    """The error answers that an operation documents."""
    return dict.fromkeys(statuses, OpenAIProblemJson)
