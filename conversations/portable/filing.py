"""The bytes of a batch's attachments: in the storage before their rows, or not at all."""

import base64
import binascii
from collections.abc import Iterable, Mapping

from conversations.files import NewFile, forget_bytes, keep_bytes
from conversations.portable.entries import Batch
from conversations.portable.records import AttachmentLine
from conversations.portable.report import Outcome

# By the line of the item; a text says why there is no file.
Files = Mapping[int, NewFile | str]

_UNKNOWN_TYPE = "application/octet-stream"


def kept_files(batch: Batch) -> Files:
    """Writes to the storage: slow, and nothing for the event loop."""
    lines = [e for e in batch.entries if isinstance(e.item, AttachmentLine)]
    return {e.line: _kept(e.item) for e in lines if isinstance(e.item, AttachmentLine)}


def drop_unused(files: Files, outcomes: Iterable[Outcome]) -> None:
    """Those without a new row: the item was there already, or refused."""
    used = {outcome.line for outcome in outcomes if outcome.result == "created"}
    for line, file in files.items():
        if line not in used and isinstance(file, NewFile):
            forget_bytes(file.stored_as)


def _kept(item: AttachmentLine) -> NewFile | str:
    if item.data_base64 is None:
        return "The file's bytes are not in the export"
    try:
        data = base64.b64decode(item.data_base64, validate=True)
    except (binascii.Error, ValueError):
        return "The base64 is not valid"
    return keep_bytes(
        data,
        filename=item.filename,
        content_type=item.content_type.strip() or _UNKNOWN_TYPE,
    )
