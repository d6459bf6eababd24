"""Files of messages: their bytes in Django's storage, everything else in rows."""

from dataclasses import dataclass
from uuid import UUID

import puremagic
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from conversations.ids import new_id
from conversations.models import Attachment
from providers.types import SentFile

STORAGE = "attachments"
LONGEST_NAME = 255
UNKNOWN_TYPE = "application/octet-stream"
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_LOOKED_AT = 2048


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is in the storage already, and becomes a row with its message."""

    id: UUID
    filename: str
    content_type: str
    size_bytes: int
    stored_as: str


def keep_bytes(
    data: bytes, *, filename: str, content_type: str, file_id: UUID | None = None
) -> NewFile:
    """Write the bytes to the storage; slow, and nothing for the event loop."""
    file_id = file_id or new_id()
    # Under an id and nothing else: what a name holds never reaches a path.
    stored_as = storage().save(f"{file_id.hex[:2]}/{file_id.hex}", ContentFile(data))
    return NewFile(file_id, plain_name(filename), plain_type(content_type), len(data), stored_as)


def plain_name(name: str) -> str:
    """What a path or a control character in it could do is done nowhere."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return _printable(last).strip(". ")[:LONGEST_NAME] or "file"


def plain_type(content_type: str) -> str:
    return _printable(content_type).strip()[:LONGEST_NAME] or UNKNOWN_TYPE


def bytes_of(stored_as: str) -> bytes:
    """Raises FileNotFoundError, or whatever the storage says instead."""
    with storage().open(stored_as) as file:
        data: bytes = file.read()
    return data


def forget_bytes(stored_as: str) -> None:
    storage().delete(stored_as)


def attachment_row(file: NewFile, **fields: object) -> Attachment:
    """Not yet saved; `fields` say what it belongs to."""
    return Attachment(
        id=file.id,
        filename=file.filename,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        stored_as=file.stored_as,
        **fields,
    )


def sent_file(attachment: Attachment) -> SentFile:
    """What goes to the provider; reads the bytes."""
    data = bytes_of(attachment.stored_as)
    image_type = image_type_of(data)
    return SentFile(
        filename=attachment.filename,
        content_type=image_type or attachment.content_type,
        data=data,
        is_image=image_type is not None,
    )


def image_type_of(data: bytes) -> str | None:
    """The type of a picture that models can look at, by its bytes and not by its name."""
    try:
        found: str = puremagic.from_string(data[:_LOOKED_AT], mime=True)
    except (puremagic.PureError, ValueError):
        return None
    return found if found in IMAGES else None


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def storage() -> Storage:
    return storages[STORAGE]
