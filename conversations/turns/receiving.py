"""Files that a provider sends within its answer."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from conversations.files import NewFile, attachment_row, keep_bytes
from conversations.models import Attachment
from conversations.turns.admission import Opened
from conversations.turns.writer import Writer
from providers.events import ReceivedFile


async def keep_received(writer: Writer, opened: Opened, files: Sequence[ReceivedFile]) -> None:
    """Store the files; they get their message when the answer is stored."""
    kept = await asyncio.to_thread(lambda: [_keep(file) for file in files])
    await writer.run(_store_rows, opened, kept)


def _keep(file: ReceivedFile) -> NewFile:
    return keep_bytes(
        file.data,
        filename=file.filename,
        content_type=file.content_type,
        file_id=UUID(file.file_id),
    )


def _store_rows(opened: Opened, files: Sequence[NewFile]) -> None:
    # Run again, where the confirmation of the first time was lost.
    Attachment.objects.bulk_create(
        (
            attachment_row(file, conversation_id=opened.conversation_id, turn_id=opened.turn_id)
            for file in files
        ),
        ignore_conflicts=True,
    )
