"""An answer as the events of OpenAI's Responses API, numbered from 0.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from api.openai.response_items import (
    Json,
    error_json,
    incomplete_reason,
    response_json,
)
from api.openai.response_parts import CallPart, Part, ReasoningPart, TextPart
from providers.events import ReasoningDelta, TextDelta, ToolCallDelta


class ResponseEvents:
    """Takes an answer piece by piece; each method gives the events that the piece makes.

    The same pieces always give the same events, ids and numbers included.
    """

    def __init__(
        self, response_id: str, created_at: dt.datetime, echo: Mapping[str, Any], *, model: str = ""
    ) -> None:
        self.model = model
        self._response_id = response_id
        self._created_at = created_at
        self._echo = echo
        self._number = 0
        self._output: list[Json] = []
        self._open: Part | None = None

    def begin(self) -> Iterator[Json]:
        for kind in ("created", "in_progress"):
            yield self._event(f"response.{kind}", response=self.response("in_progress"))

    def piece(self, piece: TextDelta | ReasoningDelta | ToolCallDelta) -> Iterator[Json]:
        if self._open is None or not self._open.continues(piece):
            yield from self._close()
            yield from self._begin_part(piece)
        assert self._open is not None
        yield from self._numbered(self._open.add(piece))

    def complete(
        self, finish_reason: str | None, usage: Mapping[str, Any] | None
    ) -> Iterator[Json]:
        """The last event; the answer may have been cut short for a reason."""
        yield from self._close()
        reason = incomplete_reason(finish_reason)
        status = "incomplete" if reason else "completed"
        last = self.response(status, usage=usage, reason=reason)
        yield self._event(f"response.{status}", response=last)

    def stop(self, reason: str) -> Iterator[Json]:
        yield from self._close()
        last = self.response("incomplete", reason=reason)
        yield self._event("response.incomplete", response=last)

    def fail(self, message: str) -> Iterator[Json]:
        yield from self._close()
        last = self.response("failed", error=error_json(message))
        yield self._event("response.failed", response=last)

    def response(self, status: str, **fields: Any) -> Json:
        """The response as it is now."""
        return response_json(
            self._response_id,
            created_at=self._created_at,
            status=status,
            model=self.model,
            echo=self._echo,
            output=self._output,
            **fields,
        )

    def _begin_part(self, piece: TextDelta | ReasoningDelta | ToolCallDelta) -> Iterator[Json]:
        index, suffix = len(self._output), self._response_id.removeprefix("resp_")
        match piece:
            case TextDelta():
                self._open = TextPart(f"msg_{suffix}{index}", index)
            case ReasoningDelta():
                self._open = ReasoningPart(f"rs_{suffix}{index}", index)
            case ToolCallDelta():
                self._open = CallPart(f"fc_{suffix}{index}", index, piece)
        yield from self._numbered(self._open.begin())

    def _close(self) -> Iterator[Json]:
        if (part := self._open) is not None:
            self._open = None
            yield from self._numbered(part.end())
            self._output.append(part.item())

    def _numbered(self, events: Iterator[Json]) -> Iterator[Json]:
        for event in events:
            yield self._event(event.pop("type"), **event)

    def _event(self, kind: str, **fields: Any) -> Json:
        number, self._number = self._number, self._number + 1
        return {"type": kind, "sequence_number": number, **fields}
