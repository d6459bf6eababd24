"""Anthropic's wire format, for the scripted upstream."""

import json
from typing import Any

Json = dict[str, Any]

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
_KINDS = {"text": ("text", "text_delta"), "reasoning": ("thinking", "thinking_delta")}
CATALOGUE = {"data": [{"id": "claude-scripted", "display_name": "Claude"}], "has_more": False}


def messages(said: Json, kind: str, value: Any) -> str:
    """Each piece is a block of its own."""
    if kind in _KINDS:
        field, delta = _KINDS[kind]
        start = {"type": "content_block_start", "index": 0, "content_block": _block(field, "")}
        piece = {"type": "content_block_delta", "index": 0, "delta": {"type": delta, field: value}}
        return _event(start) + _event(piece) + _event({"type": "content_block_stop", "index": 0})
    fault = {"type": "error", "error": {"type": "api_error", "message": value}}
    stopped = {"stop_reason": _reason(said), "stop_sequence": None}
    usage = _usage(said)
    content = [_block("text", said["text"])]
    if said["reasoning"]:
        content.insert(0, _block("thinking", said["reasoning"]))
    message = {"id": said["id"], "type": "message", "role": "assistant", "model": said["model"]}
    return {
        "open": _event(
            {"type": "message_start", "message": message | {"content": [], "usage": {}}}
        ),
        "finish": "",
        "usage": "",
        "end": _event({"type": "message_delta", "delta": stopped, "usage": usage})
        + _event({"type": "message_stop"}),
        "error": _event(fault),
        "fault": json.dumps(fault),
        "rubbish": "data: {rubbish\n\n",
        "whole": json.dumps(message | stopped | {"content": content, "usage": usage}),
    }[kind]


def _event(data: Json) -> str:
    return f"event: {data['type']}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _block(field: str, text: str) -> Json:
    return {"type": field, field: text}


def _reason(said: Json) -> str:
    return _REASONS.get(said["finish"], "end_turn")


def _usage(said: Json) -> Json:
    names = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}
    return {names[key]: count for key, count in said["usage"].items() if key in names}
