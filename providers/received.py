"""What a model has written of an answer, also where it is no text: it is paid for all the same."""

from typing import Any, assert_never

import msgspec
from msgspec import Struct

from providers.events import Piece, RawChunk, ReasoningDelta, TextDelta, ToolCallDelta
from providers.resilience.steps import Left


class _Choice(Struct):
    delta: Any = None
    message: Any = None


class _Chunk(Struct):
    choices: list[_Choice] | None = None


_decoder = msgspec.json.Decoder(_Chunk)


def written_in(left: Left) -> str | None:
    """The words, thoughts and calls of tools of an attempt; None where nothing at all has come."""
    return "".join(map(_in_piece, left.pieces)) if left.pieces else None


def _in_piece(piece: Piece) -> str:
    match piece:
        case TextDelta(text=text) | ReasoningDelta(text=text):
            return text
        case ToolCallDelta(name=name, arguments=arguments):
            return (name or "") + arguments
        case RawChunk():
            return _in_chunk(piece)
        case _ as never:
            assert_never(never)


def _in_chunk(chunk: RawChunk) -> str:
    """Of all the choices, where it is one of OpenAI's."""
    try:
        choices = _decoder.decode(chunk.data).choices or ()
        written = "".join(_in_message(choice.delta or choice.message) for choice in choices)
    except (ValueError, RecursionError):
        return chunk.text
    return written or chunk.text


def _in_message(message: Any) -> str:
    if not isinstance(message, dict):
        return ""
    thought = message.get("reasoning_content") or message.get("reasoning")
    calls = message.get("tool_calls")
    calls = calls if isinstance(calls, list) else []
    functions = [call.get("function") for call in calls if isinstance(call, dict)]
    said = [message.get("content"), message.get("refusal"), thought, message.get("function_call")]
    return "".join(map(_texts, [*said, *functions]))


def _texts(value: Any) -> str:
    """All that is in it: contents have parts, and arguments are not always a text."""
    match value:
        case str():
            return value
        case dict():
            return "".join(_texts(held) for name, held in value.items() if name != "type")
        case list():
            return "".join(map(_texts, value))
        case _:
            return ""
