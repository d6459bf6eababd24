"""From the bytes of a line to a record that every database takes."""

import datetime as dt
from typing import Any, TypeVar

import msgspec

from conversations.portable.errors import Unreadable
from conversations.portable.records import (
    AttachmentLine,
    ConversationLine,
    Line,
    MessageLine,
    ProviderThreadLine,
)

# As deep as what the API takes (api.parsing), so that what was stored can come back.
_DEEPEST = 200
_NUL = "\0"
_decode = msgspec.json.Decoder(Line).decode

Record = TypeVar("Record", bound=Line)


def record_in(line: bytes) -> Line:
    """Raises Unreadable."""
    try:
        record: Line = _decode(line)
    except RecursionError as error:
        raise Unreadable("The line is nested too deeply") from error
    except ValueError as error:
        raise Unreadable(str(error)[:200]) from error
    return checked(record)


def checked(record: Record) -> Record:
    """The record with its times in UTC; raises Unreadable for what no database takes."""
    if isinstance(record, ConversationLine | MessageLine | AttachmentLine | ProviderThreadLine):
        fields = {name: getattr(record, name) for name in record.__struct_fields__}
        data = fields.pop("data_base64", None)
        _refuse_unstorable(fields)
        if isinstance(data, str) and _NUL in data:
            raise Unreadable("The base64 is not valid")
        times = {name: _utc(held) for name, held in fields.items() if isinstance(held, dt.datetime)}
        return msgspec.structs.replace(record, **times)
    return record


def _utc(time: dt.datetime) -> dt.datetime:
    try:
        return time.astimezone(dt.UTC)
    except OverflowError as error:
        raise Unreadable("A time is out of range") from error


def _refuse_unstorable(value: Any) -> None:
    """Level by level: whatever the depth, this takes no stack."""
    level = [value]
    for _ in range(_DEEPEST + 2):
        below: list[Any] = []
        for held in level:
            if isinstance(held, str):
                if _NUL in held:
                    raise Unreadable("A text holds a NUL character")
            elif isinstance(held, dict):
                below += held.keys()
                below += held.values()
            elif isinstance(held, list):
                below += held
        if not below:
            return
        level = below
    raise Unreadable(f"An object is nested in more than {_DEEPEST} levels")
