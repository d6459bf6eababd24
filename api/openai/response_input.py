"""The input of a response, item by item, as the messages of a chat."""

from typing import Any

from api.errors import ValidationFailed
from api.parsing import invalid

_TEXTS = {"input_text", "output_text", "text"}

Json = dict[str, Any]


def messages_of(given: Any) -> list[Json]:
    """At least one; raises ValidationFailed."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise invalid("input_type", "Input should be a valid string or list of items", "input")
    messages: list[Json] = []
    for index, item in enumerate(given):
        if not isinstance(item, dict):
            raise _wrong(index, "Input should be a valid object")
        _add(messages, item, index)
    if not messages:
        raise invalid("too_short", "List should have at least 1 message", "input")
    return messages


def _add(messages: list[Json], item: Json, index: int) -> None:
    match item.get("type", "message"):
        case "message":
            messages.append(_message(item, index))
        case "function_call":
            _add_call(messages, item, index)
        case "function_call_output":
            called = _text_in(item, "call_id", index)
            output = _content(item.get("output"), index)
            messages.append({"role": "tool", "tool_call_id": called, "content": output})
        case "reasoning":
            # What a model thought is of use to nobody but itself.
            return
        case kind:
            raise _wrong(index, f"Input should be a valid item: '{kind}' is not known here")


def _message(item: Json, index: int) -> Json:
    return {"role": _text_in(item, "role", index), "content": _content(item.get("content"), index)}


def _add_call(messages: list[Json], item: Json, index: int) -> None:
    """Neighbouring calls are one message."""
    function = {
        "name": _text_in(item, "name", index),
        "arguments": _text_in(item, "arguments", index),
    }
    call = {"id": _text_in(item, "call_id", index), "type": "function", "function": function}
    if messages and "tool_calls" in messages[-1]:
        messages[-1]["tool_calls"].append(call)
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _content(content: Any, index: int) -> str | list[Json]:
    """The text alone, or parts where there are other ones."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise _wrong(index, "Input should be a valid string or list", "content")
    parts = [_part(part, index) for part in content]
    if all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts)
    return parts


def _part(part: Any, index: int) -> Json:
    match part:
        case {"type": str(kind), "text": str(text)} if kind in _TEXTS:
            return {"type": "text", "text": text}
        case {"type": "refusal", "refusal": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "input_image", "image_url": str(url)}:
            return {"type": "image_url", "image_url": {"url": url}}
        case {"type": "input_file", "file_data": str(data)}:
            name = part.get("filename") or "file"
            return {"type": "file", "file": {"filename": name, "file_data": data}}
        case _:
            reason = "Input should be a valid text, image or file that comes along"
            raise _wrong(index, reason, "content")


def _text_in(item: Json, name: str, index: int) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise _wrong(index, "Input should be a valid string", name)
    return value


def _wrong(index: int, reason: str, *path: str) -> ValidationFailed:
    return invalid("item_type", reason, "input", index, *path)
