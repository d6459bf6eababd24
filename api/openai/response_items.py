"""The JSON of a response and of what it consists of."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from providers.types import ToolCall

Json = dict[str, Any]

_LENGTH = {"length", "max_tokens", "max_output_tokens"}
STOPPED = "stopped"


def response_json(
    response_id: str,
    *,
    created_at: dt.datetime,
    status: str,
    model: str,
    echo: Mapping[str, Any],
    output: Sequence[Json] = (),
    usage: Mapping[str, Any] | None = None,
    error: Json | None = None,
    reason: str | None = None,
) -> Json:
    """`reason` is why it is incomplete; `usage` has the names of chat completions."""
    return {
        "id": response_id,
        "object": "response",
        "created_at": int(created_at.timestamp()),
        "status": status,
        "error": error,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": model,
        "output": list(output),
        "usage": usage_json(usage),
        **echo,
    }


def incomplete_reason(finish_reason: str | None) -> str | None:
    """Why an answer that has ended is not whole; None where it is."""
    if finish_reason in _LENGTH:
        return "max_output_tokens"
    return "content_filter" if finish_reason == "content_filter" else None


def error_json(message: str, code: str | None = None) -> Json:
    """The `error` of a response that has failed."""
    return {"code": code or "server_error", "message": message}


def message_item(item_id: str, text: str, *, status: str = "completed") -> Json:
    parts = [text_part(text)] if text or status == "completed" else []
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": parts,
    }


def text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def call_item(item_id: str, call: ToolCall, *, status: str = "completed") -> Json:
    return {
        "id": item_id,
        "type": "function_call",
        "status": status,
        "call_id": call.call_id,
        "name": call.name,
        "arguments": call.arguments,
    }


def reasoning_item(item_id: str, text: str, *, status: str = "completed") -> Json:
    parts = [{"type": "reasoning_text", "text": text}] if text else []
    return {
        "id": item_id,
        "type": "reasoning",
        "summary": [],
        "content": parts,
        "status": status,
    }


def usage_json(usage: Mapping[str, Any] | None) -> Json | None:
    if usage is None:
        return None
    asked, answered = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    details = usage.get("completion_tokens_details")
    cached = usage.get("prompt_tokens_details")
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": _count(cached, "cached_tokens")},
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": _count(details, "reasoning_tokens")},
        "total_tokens": _count(usage, "total_tokens") or asked + answered,
    }


def _count(counts: Any, name: str) -> int:
    count = counts.get(name) if isinstance(counts, Mapping) else None
    return count if isinstance(count, int) else 0
