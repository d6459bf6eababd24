"""A turn's events in the form of T-5: the agent's own chunks, between two of ours."""

from typing import Any, assert_never

import msgspec
from msgspec import Struct

from api.sse import id_line
from api.threads.serializers import download_url
from conversations.turns.events import (
    AttemptStarted,
    Queued,
    TextReset,
    ToolEnded,
    ToolStarted,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
    TurnStopped,
)
from conversations.turns.log import Entry
from providers.events import Progress, RawChunk, ReasoningDelta, TextDelta, ToolCallDelta

DONE = b"data: [DONE]\n\n"
_json = msgspec.json.Encoder()
_LAST_WORDS = ("completed", "interrupted")


class ThreadEncoder:
    def __init__(self, thread_id: str, turn_hex: str) -> None:
        self._thread_id = thread_id
        self._turn_hex = turn_hex
        self._agent_status: object = None

    def encode(self, entry: Entry) -> bytes:
        match entry.event:
            case TurnStarted():
                states = agent_event(self._thread_id, "queued"), running(self._thread_id)
                return self._place(entry) + b"".join(states)
            case RawChunk() as chunk:
                return self._chunk(entry, chunk)
            case TextDelta(text=text):
                return self._delta(entry, {"content": text})
            case ReasoningDelta(text=text):
                return self._delta(entry, {"reasoning_content": text})
            case ToolCallDelta() as call:
                return self._delta(entry, {"tool_calls": [_tool_call(call)]})
            case Queued() | Progress() | ToolStarted() | ToolEnded():
                return b""
            case AttemptStarted() | TextReset():
                return b""
            case TurnCompleted() | TurnStopped():
                return self._place(entry) + self._completed() + DONE
            case TurnFailed(message=message):
                failed = agent_event(self._thread_id, "failed", finish_reason="error")
                error = {"error": {"message": message, "type": "agent_error"}}
                return self._place(entry) + failed + _event(error) + DONE
            case _ as never:
                assert_never(never)

    def _place(self, entry: Entry) -> bytes:
        return id_line(self._turn_hex, entry.seq, entry.offset).encode()

    def _delta(self, entry: Entry, delta: dict[str, Any]) -> bytes:
        event = agent_event(self._thread_id, "streaming", delta=delta)
        return self._place(entry) + event

    def _completed(self) -> bytes:
        if self._agent_status in _LAST_WORDS:
            return b""
        return agent_event(self._thread_id, "completed", finish_reason="stop")

    def _chunk(self, entry: Entry, chunk: RawChunk) -> bytes:
        """The chunk's own bytes, but for the addresses of files that were taken out of it."""
        data = chunk.data
        if b'"agent_status"' in data:
            self._agent_status = _status.decode(data).agent_status or self._agent_status
        if chunk.text and b'"delta"' not in data:
            # The whole answer at once, which is no chunk (T-5.5).
            return self._delta(entry, {"content": chunk.text})
        if chunk.file_ids:
            data = _with_addresses(data, chunk.file_ids)
        return b"%bdata: %b\n\n" % (self._place(entry), data)


class _Status(Struct):
    agent_status: Any = None


_status = msgspec.json.Decoder(_Status)


def _with_addresses(data: bytes, file_ids: tuple[str, ...]) -> bytes:
    chunk = msgspec.json.decode(data)
    for file in chunk["message_metadata"]["attachments"]:
        if isinstance(file, dict) and file.get("id") in file_ids:
            file["download_url"] = download_url(file["id"])
    return _json.encode(chunk)


def running(thread_id: str) -> bytes:
    return agent_event(thread_id, "running")


def agent_event(
    thread_id: str,
    status: str,
    *,
    delta: dict[str, Any] | None = None,
    finish_reason: str | None = None,
) -> bytes:
    return _event(
        {
            "id": thread_id,
            "object": "chat.completion.chunk",
            "agent_status": status,
            "choices": [{"delta": delta or {}, "finish_reason": finish_reason}],
        }
    )


def _event(data: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % _json.encode(data)


def _tool_call(call: ToolCallDelta) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"index": call.index, "id": call.call_id, "type": "function", "function": function}
