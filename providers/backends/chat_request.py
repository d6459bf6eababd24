"""The question as chat completions want it."""

from typing import Any

from providers.types import ChatMessage, ProviderRequest, SentFile, ToolCall, ToolSpec


def request_body(request: ProviderRequest, *, counts: bool = True) -> dict[str, Any]:
    """Options go out as they are, but cannot stand in for what is asked.

    `counts` asks a stream for its token counts, which some servers do not know how to give.
    """
    # What a client has written itself goes out with nothing added.
    body: dict[str, Any] = {} if request.as_sent is not None else {"stream": True}
    if counts and "stream" in body and request.options.get("stream", True):
        body["stream_options"] = {"include_usage": True}
    body |= request.options
    body["model"] = request.model
    body["messages"] = _messages(request)
    if request.tools:
        body["tools"] = [*(request.options.get("tools") or ()), *map(tool_json, request.tools)]
    return body


def tool_json(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": dict(tool.parameters),
        },
    }


def _messages(request: ProviderRequest) -> list[dict[str, Any]]:
    if request.as_sent is not None:
        return [dict(message) for message in request.as_sent]
    return [_message(message) for message in request.messages]


def _message(message: ChatMessage) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": _content(message)}
    if message.tool_calls:
        said["content"] = said["content"] or None
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        said["tool_call_id"] = message.tool_call_id
    return said


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.call_id, "type": "function", "function": function}


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    """The text alone, or parts where files go along."""
    if not message.files:
        return message.content
    return [{"type": "text", "text": message.content}, *map(_part, message.files)]


def _part(file: SentFile) -> dict[str, Any]:
    if file.is_image:
        return {"type": "image_url", "image_url": {"url": file.data_url}}
    return {"type": "file", "file": {"filename": file.filename, "file_data": file.data_url}}
