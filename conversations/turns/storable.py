"""What a provider says of an answer, in a form that every database takes."""

from typing import Any, TypeVar

from msgspec.structs import replace

from providers.events import AnswerDetails, Finished, RawChunk, TextDelta

_LONGEST_LABEL = 255
_DEEPEST = 8
_NUL, _INSTEAD = "\0", "\N{REPLACEMENT CHARACTER}"


Delta = TypeVar("Delta", bound=TextDelta | RawChunk)


def storable_delta(delta: Delta) -> Delta:
    """PostgreSQL cannot store a NUL, and an answer must not be lost for one."""
    return replace(delta, text=storable_text(delta.text)) if _NUL in delta.text else delta


def storable_end(finished: Finished) -> Finished:
    """An id that is too long for an index is none: it could not be found again."""
    answer_id = storable_text(finished.answer_id or "")
    return replace(
        finished,
        finish_reason=storable_text(finished.finish_reason or "")[:_LONGEST_LABEL] or None,
        usage=storable_value(finished.usage),
        answer_id=answer_id if len(answer_id) <= _LONGEST_LABEL else None,
        details=_storable_details(finished.details),
    )


def _storable_details(details: AnswerDetails | None) -> AnswerDetails | None:
    if details is None:
        return None
    return AnswerDetails(
        conversation_id=storable_text(details.conversation_id or "") or None,
        text=storable_text(details.text or "") or None,
        metadata=storable_value(details.metadata),
    )


def storable_text(text: str) -> str:
    return text.replace(_NUL, _INSTEAD)


def storable_value(value: Any, depth: int = 0) -> Any:
    """Cut where it is deeper than any count of tokens is."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict | list) and depth >= _DEEPEST:
        return None
    if isinstance(value, dict):
        return {
            storable_text(str(key)): storable_value(held, depth + 1) for key, held in value.items()
        }
    if isinstance(value, list):
        return [storable_value(held, depth + 1) for held in value]
    return value
