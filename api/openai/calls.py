"""The calls of tools that a model makes, put together from their pieces."""

from uuid import uuid4

from providers.events import ToolCallDelta
from providers.types import ToolCall


class Calls:
    def __init__(self) -> None:
        self._ids: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._arguments: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return len(self._arguments)

    def add(self, piece: ToolCallDelta) -> None:
        self._arguments.setdefault(piece.index, []).append(piece.arguments)
        if piece.call_id:
            self._ids.setdefault(piece.index, piece.call_id)
        if piece.name:
            self._names.setdefault(piece.index, piece.name)

    def made(self) -> list[ToolCall]:
        return [
            ToolCall(
                self._ids.get(index) or f"call_{uuid4().hex[:24]}",
                self._names.get(index, ""),
                "".join(pieces) or "{}",
            )
            for index, pieces in sorted(self._arguments.items())
        ]
