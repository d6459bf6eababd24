"""The items of a response while they come: a text, a thought, a call."""

from collections.abc import Iterator
from typing import Any, Protocol

from api.openai.response_items import (
    Json,
    call_item,
    message_item,
    reasoning_item,
    text_part,
)
from providers.events import ReasoningDelta, TextDelta, ToolCallDelta
from providers.types import ToolCall


class Part(Protocol):
    """Each method gives the events that belong to it, without their numbers."""

    def continues(self, piece: Any) -> bool: ...

    def begin(self) -> Iterator[Json]: ...

    def add(self, piece: Any) -> Iterator[Json]: ...

    def end(self) -> Iterator[Json]: ...

    def item(self) -> Json: ...


class _Item:
    def __init__(self, item_id: str, index: int) -> None:
        self._id = item_id
        self._index = index
        self._pieces: list[str] = []

    @property
    def _whole(self) -> str:
        return "".join(self._pieces)

    def _added(self, item: Json) -> Json:
        return {"type": "response.output_item.added", "output_index": self._index, "item": item}

    def _done(self, item: Json) -> Json:
        return {"type": "response.output_item.done", "output_index": self._index, "item": item}

    def _event(self, kind: str, **fields: Any) -> Json:
        place = {"item_id": self._id, "output_index": self._index}
        return {"type": f"response.{kind}", **place, **fields}


class TextPart(_Item):
    def continues(self, piece: Any) -> bool:
        return isinstance(piece, TextDelta)

    def begin(self) -> Iterator[Json]:
        yield self._added(message_item(self._id, "", status="in_progress"))
        yield self._event("content_part.added", content_index=0, part=text_part(""))

    def add(self, piece: TextDelta) -> Iterator[Json]:
        self._pieces.append(piece.text)
        yield self._event("output_text.delta", content_index=0, delta=piece.text, logprobs=[])

    def end(self) -> Iterator[Json]:
        text = self._whole
        yield self._event("output_text.done", content_index=0, text=text, logprobs=[])
        yield self._event("content_part.done", content_index=0, part=text_part(text))
        yield self._done(self.item())

    def item(self) -> Json:
        return message_item(self._id, self._whole)


class ReasoningPart(_Item):
    def continues(self, piece: Any) -> bool:
        return isinstance(piece, ReasoningDelta)

    def begin(self) -> Iterator[Json]:
        yield self._added(reasoning_item(self._id, "", status="in_progress"))

    def add(self, piece: ReasoningDelta) -> Iterator[Json]:
        self._pieces.append(piece.text)
        yield self._event("reasoning_text.delta", content_index=0, delta=piece.text)

    def end(self) -> Iterator[Json]:
        yield self._event("reasoning_text.done", content_index=0, text=self._whole)
        yield self._done(self.item())

    def item(self) -> Json:
        return reasoning_item(self._id, self._whole)


class CallPart(_Item):
    def __init__(self, item_id: str, index: int, first: ToolCallDelta) -> None:
        super().__init__(item_id, index)
        self._number = first.index
        self._name = first.name or ""
        # As `conversations.turns.said` names a call without an id.
        self._call_id = first.call_id or f"call_{first.index}"

    def continues(self, piece: Any) -> bool:
        return isinstance(piece, ToolCallDelta) and piece.index == self._number

    def begin(self) -> Iterator[Json]:
        yield self._added(call_item(self._id, self._call(""), status="in_progress"))

    def add(self, piece: ToolCallDelta) -> Iterator[Json]:
        if piece.arguments:
            self._pieces.append(piece.arguments)
            yield self._event("function_call_arguments.delta", delta=piece.arguments)

    def end(self) -> Iterator[Json]:
        arguments = self._whole or "{}"
        yield self._event("function_call_arguments.done", name=self._name, arguments=arguments)
        yield self._done(self.item())

    def item(self) -> Json:
        return call_item(self._id, self._call(self._whole or "{}"))

    def _call(self, arguments: str) -> ToolCall:
        return ToolCall(self._call_id, self._name, arguments)
