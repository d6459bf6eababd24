"""JSON answers."""

from typing import Any

import msgspec
from django.http import HttpResponse
from pydantic import BaseModel


class Answer(BaseModel):
    """The body of an answer."""


def json_response(data: Answer | dict[str, Any] | list[str], *, status: int = 200) -> HttpResponse:
    """The value as UTF-8 JSON; times are RFC 3339 in UTC (C-1.4)."""
    if isinstance(data, Answer):
        # pydantic's own encoder; msgspec knows nothing of its models.
        content = data.model_dump_json().encode()
    else:
        content = msgspec.json.encode(data)
    headers = {"Content-Length": str(len(content))}
    return HttpResponse(content, status=status, content_type="application/json", headers=headers)


def no_content() -> HttpResponse:
    """204, and nothing about a body."""
    response = HttpResponse(status=204)
    del response["Content-Type"]
    return response
