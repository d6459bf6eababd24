"""From bytes and texts of a request to typed values, with the one form of complaint."""

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from api.errors import FieldFault, ValidationFailed

# Deeper values are nobody's chat, and too deep for what encodes them again.
_DEEPEST = 200
_TOO_DEEP = f"Input should be a valid value of at most {_DEEPEST} levels"
_HOLDS_NUL = "Input should be a valid string without NUL characters"

NonEmpty = Annotated[str, StringConstraints(min_length=1)]
Location = tuple[str | int, ...]


class Body(BaseModel):
    """A request body: strict about types, indifferent to fields it does not know."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


AnyBody = TypeVar("AnyBody", bound=Body)

_fields_of = msgspec.json.Decoder(dict[str, msgspec.Raw])
_object_of = msgspec.json.Decoder(dict[str, Any])


def body_of(request: HttpRequest, form: type[AnyBody]) -> AnyBody:
    """The request's JSON body; raises ValidationFailed.

    Large bodies are read on the event loop: only the form's own fields are looked at.
    """
    try:
        return form.model_validate(_storable_fields(request.body, form))
    except ValidationError as error:
        raise ValidationFailed(_faults(error)) from error


def fields_of(request: HttpRequest) -> dict[str, Any]:
    """Every field of the request's JSON body, for who hands on what it does not know.

    Raises ValidationFailed. Unlike in `body_of` there may be NUL characters.
    """
    try:
        fields = _object_of.decode(request.body)
    except (ValueError, RecursionError) as error:
        raise invalid("json_invalid", "Input should be a valid JSON object") from error
    for name, value in fields.items():
        if _is_too_deep(value):
            raise invalid("too_deep", _TOO_DEEP, name)
    return fields


def query_of(request: HttpRequest, form: type[AnyBody]) -> AnyBody:
    """The request's query, each value once and as text; raises ValidationFailed."""
    values = {name: request.GET[name] for name in request.GET if name in form.model_fields}
    _refuse_nul(values, "query")
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


def invalid(kind: str, message: str, *location: str | int) -> ValidationFailed:
    return ValidationFailed([FieldFault(loc=list(location), msg=message, type=kind)])


def _storable_fields(raw: bytes, form: type[Body]) -> dict[str, Any]:
    """The fields that the form knows, with nothing in them that a database refuses."""
    try:
        # The decoder passes over unknown fields, whatever bytes they hold.
        raw.decode()
        fields = _fields_of.decode(raw)
        values = {
            name: msgspec.json.decode(fields[name]) for name in form.model_fields if name in fields
        }
    except (ValueError, RecursionError) as error:
        raise invalid("json_invalid", "Input should be a valid JSON object") from error
    for name, value in values.items():
        if _is_too_deep(value):
            raise invalid("too_deep", _TOO_DEEP, name)
    # Only an escape can make a NUL: as a byte it is not JSON.
    if b"\\u0000" in raw:
        _refuse_nul(values)
    return values


def _is_too_deep(value: Any) -> bool:
    """Level by level, because a loop in Python for each value would hold up everybody."""
    level: list[Any] = [[value]]
    for _ in range(_DEEPEST + 1):
        level = [
            held
            for container in level
            for held in (container.values() if type(container) is dict else container)
            if type(held) in (dict, list)
        ]
        if not level:
            return False
    return True


def _refuse_nul(values: dict[str, Any], *prefix: str) -> None:
    """PostgreSQL cannot store one."""
    for location in _nul_places(values, prefix):
        raise invalid("null_character", _HOLDS_NUL, *location)


def _nul_places(value: Any, location: Location) -> Iterator[Location]:
    if isinstance(value, str):
        if "\0" in value:
            yield location
    elif isinstance(value, dict):
        for key, held in value.items():
            if "\0" in key:
                yield location
            yield from _nul_places(held, (*location, key))
    elif isinstance(value, list):
        for index, held in enumerate(value):
            yield from _nul_places(held, (*location, index))


def _faults(error: ValidationError, *prefix: str) -> list[FieldFault]:
    return [
        FieldFault(loc=[*prefix, *fault["loc"]], msg=fault["msg"], type=fault["type"])
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
