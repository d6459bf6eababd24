"""From bytes and texts of a request to typed values, with the one form of complaint."""

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from api.errors import FieldFault, ValidationFailed

# Deeper bodies are nobody's chat, and would be too deep for the code that reads them.
_DEEPEST = 200

NonEmpty = Annotated[str, StringConstraints(min_length=1)]


class Body(BaseModel):
    """A request body: strict about types, indifferent to fields it does not know."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


AnyBody = TypeVar("AnyBody", bound=Body)
Value = TypeVar("Value")


def body_of(request: HttpRequest, form: type[AnyBody]) -> AnyBody:
    """The request's JSON body; raises ValidationFailed."""
    try:
        return form.model_validate(json_object(request.body))
    except ValidationError as error:
        raise ValidationFailed(_faults(error)) from error


def query_of(request: HttpRequest, form: type[AnyBody]) -> AnyBody:
    """The request's query, each value once and as text; raises ValidationFailed."""
    values = {name: request.GET[name] for name in request.GET}
    _refuse_odd_text(values, prefix=("query",))
    try:
        return form.model_validate(values)
    except ValidationError as error:
        raise ValidationFailed(_faults(error, "query")) from error


def path_uuid(name: str, value: str) -> UUID:
    """The value of a path parameter; raises ValidationFailed."""
    try:
        return TypeAdapter(UUID).validate_python(value)
    except ValidationError as error:
        raise ValidationFailed(_faults(error, "path", name)) from error


def json_object(raw: bytes) -> dict[str, Any]:
    """A JSON object that every database can store; raises ValidationFailed."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid("json_invalid", "Input should be a valid JSON object") from error
    if not isinstance(value, dict):
        raise _invalid("object_type", "Input should be a valid JSON object")
    _refuse_odd_text(value)
    return value


def _refuse_odd_text(value: Any, prefix: tuple[str, ...] = ()) -> None:
    for location, kind in _odd_places(value, prefix):
        reason = {
            "null_character": "Input should be a valid string without NUL characters",
            "too_deep": f"Input should be a valid value of at most {_DEEPEST} levels",
        }[kind]
        raise _invalid(kind, reason, *location)


def _odd_places(
    value: Any, location: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a NUL character stands, which PostgreSQL cannot store, or the nesting is too deep."""
    if len(location) > _DEEPEST:
        yield location[:1], "too_deep"
    elif isinstance(value, str):
        if "\0" in value:
            yield location, "null_character"
    elif isinstance(value, dict):
        for key, held in value.items():
            if "\0" in key:
                yield location, "null_character"
            yield from _odd_places(held, (*location, key))
    elif isinstance(value, list):
        for index, held in enumerate(value):
            yield from _odd_places(held, (*location, index))


def _faults(error: ValidationError, *prefix: str) -> list[FieldFault]:
    return [
        FieldFault(loc=[*prefix, *fault["loc"]], msg=fault["msg"], type=fault["type"])
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _invalid(kind: str, message: str, *location: str | int) -> ValidationFailed:
    return ValidationFailed([FieldFault(loc=list(location), msg=message, type=kind)])
