"""What tests of export and import share: rows to export, and files as they are written by hand."""

import datetime as dt
import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from accounts.callers import Caller
from conversations.ids import new_id
from conversations.portable.filing import drop_unused, kept_files
from conversations.portable.reading import Reader
from conversations.portable.report import Report
from conversations.portable.storing import store
from conversations.portable.writing import Export

THEN = "2026-01-02T03:04:05.000006Z"
LATER = "2026-02-03T04:05:06Z"
END = {"type": "end", "conversations": 0, "messages": 0, "attachments": 0}


def somebody(**fields: Any) -> Caller:
    user_id = uuid4()
    return Caller(kind="user", workspace=f"user:{user_id}", user_id=user_id, **fields)


def conversation(id: UUID | None = None, **fields: Any) -> dict[str, Any]:
    times = {"created_at": THEN, "updated_at": THEN}
    given = {"type": "conversation", "id": str(id or new_id()), "surface": "threads", **times}
    return {**given, **fields}


def message(of: Mapping[str, Any], id: UUID | None = None, **fields: Any) -> dict[str, Any]:
    times = {"created_at": THEN, "updated_at": THEN}
    given = {"type": "message", "id": str(id or new_id()), "conversation_id": of["id"], **times}
    return {**given, "role": "user", "sender_id": "owner", "content": "Hello", **fields}


def attachment(of: Mapping[str, Any], data_base64: str | None, **fields: Any) -> dict[str, Any]:
    given = {"type": "attachment", "id": str(new_id()), "conversation_id": of["conversation_id"]}
    kind = {"filename": "a.txt", "content_type": "text/plain", "created_at": THEN}
    return {**given, **kind, "message_id": of["id"], "data_base64": data_base64, **fields}


def file_of(*lines: Mapping[str, Any] | bytes) -> bytes:
    """The lines as a whole file; bytes stand as they are."""
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return b"\n".join([*texts, json.dumps(END).encode()]) + b"\n"


def imported(caller: Caller, data: bytes) -> Report:
    report = Report()
    reader = Reader(BytesIO(data), report)
    while (batch := reader.next_batch()) is not None:
        files = kept_files(batch)
        outcomes = store(caller, batch, files)
        drop_unused(files, outcomes)
        report.add(outcomes)
    return report


def results(report: Report) -> list[str]:
    return [outcome.result for outcome in report.items]


def exported(caller: Caller) -> list[dict[str, Any]]:
    """The lines, without what differs from one time to the next."""
    lines = [json.loads(line) for line in b"".join(_pieces(caller)).splitlines()]
    assert lines[0].pop("exported_at")
    return lines


def _pieces(caller: Caller) -> list[bytes]:
    export = Export(caller, "ann")
    pieces: list[bytes] = []
    while (page := export.next_page()) is not None:
        pieces += page.pieces()
    return pieces


def time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
