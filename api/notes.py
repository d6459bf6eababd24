"""What a turn says beside its answer, as the JSON object that clients get."""

from typing import Any, assert_never

from conversations.turns.events import Queued, ToolEnded, ToolStarted, TurnNote
from providers.events import Progress


def note_of(note: TurnNote) -> dict[str, Any]:
    """`type` is `queued`, `progress` or `tool`."""
    match note:
        case Queued(position=position, seconds=seconds):
            return {"type": "queued", "position": position, "seconds": seconds}
        case Progress(message=message, fraction=fraction):
            return {"type": "progress", "message": message, "fraction": fraction}
        case ToolStarted(call_id=call_id, source=source, name=name, arguments=arguments):
            asked = {"source": source, "name": name, "arguments": arguments}
            return {"type": "tool", "status": "running", "call_id": call_id, **asked}
        case ToolEnded(call_id=call_id, outcome=outcome, text=text):
            return {"type": "tool", "status": outcome, "call_id": call_id, "text": text}
        case _ as never:
            assert_never(never)
