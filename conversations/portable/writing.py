"""Someone's rows as lines, a page at a time: however many there are, few are in memory."""

import base64
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet, TextField
from django.db.models.functions import Cast, Length
from django.utils import timezone

from accounts.callers import Caller
from conversations.access import inside_lists
from conversations.files import bytes_of
from conversations.models import Attachment, Conversation, Message, ProviderThread
from conversations.portable.records import (
    VERSION,
    End,
    Header,
    attachment_line,
    conversation_line,
    line_of,
    message_line,
    provider_thread_line,
)

# As many as hold up the turns of others for some milliseconds only.
MOST_ROWS = 50
MOST_CHARACTERS = 2_000_000
_BEFORE_ALL = UUID(int=0)

Row = Conversation | Message | ProviderThread | Header | End


@dataclass(frozen=True, slots=True)
class Page:
    """What comes next of an export, read and not yet written."""

    rows: Sequence[Row]
    owner_id: str

    def pieces(self) -> Iterator[bytes]:
        """The lines; reads the storage, and holds one file at a time."""
        lines: list[bytes] = []
        for row in self.rows:
            match row:
                case Message():
                    lines.append(line_of(message_line(row, owner_id=self.owner_id)))
                    for file in row.attachments.all():
                        lines.append(_line_of_file(file))
                        yield b"".join(lines)
                        lines.clear()
                case Conversation():
                    lines.append(line_of(conversation_line(row)))
                case ProviderThread():
                    lines.append(line_of(provider_thread_line(row)))
                case _:
                    lines.append(line_of(row))
        yield b"".join(lines)


class Export:
    """A cursor over everything of a workspace, in the order of ids.

    What is written while it runs may be in it or not.
    """

    def __init__(self, caller: Caller, username: str) -> None:
        self._caller = caller
        self._username = username
        self._owner_id = str(caller.user_id or "")
        self._counts = {"conversations": 0, "messages": 0, "attachments": 0, "provider_threads": 0}
        self._begun = self._ended = False
        self._conversation = _BEFORE_ALL
        self._conversation_is_read = True
        self._message = _BEFORE_ALL

    def next_page(self) -> Page | None:
        """Touches rows and nothing else; None when everything was read."""
        if self._ended:
            return None
        if not self._begun:
            self._begun = True
            return self._page([Header(VERSION, timezone.now(), self._username)])
        if self._conversation_is_read:
            return self._page(self._next_conversation())
        return self._page(self._next_messages())

    def _next_conversation(self) -> list[Row]:
        rows = Conversation.objects.filter(
            inside_lists(self._caller),
            workspace=self._caller.workspace,
            id__gt=self._conversation,
        )
        if (row := rows.order_by("id").first()) is None:
            self._ended = True
            return [End(**self._counts)]
        self._conversation, self._message = row.id, _BEFORE_ALL
        self._counts["conversations"] += 1
        return [row, *self._next_messages()]

    def _next_messages(self) -> list[Row]:
        """What fits of the conversation's messages; after the last one, its provider state."""
        rows = Message.objects.filter(conversation_id=self._conversation, id__gt=self._message)
        ids, is_last = _fitting(rows.order_by("id"))
        files = Prefetch("attachments", Attachment.objects.order_by("id"))
        messages = list(
            Message.objects.filter(id__in=ids).order_by("id").prefetch_related(files) if ids else ()
        )
        if ids:
            self._message = ids[-1]
        self._counts["messages"] += len(messages)
        self._counts["attachments"] += sum(len(message.attachments.all()) for message in messages)
        self._conversation_is_read = is_last
        return [*messages, *(self._provider_threads() if is_last else ())]

    def _provider_threads(self) -> list[ProviderThread]:
        found = list(
            ProviderThread.objects.filter(conversation_id=self._conversation).order_by("id")
        )
        self._counts["provider_threads"] += len(found)
        return found

    def _page(self, rows: Sequence[Row]) -> Page:
        return Page(rows, self._owner_id)


def export_filename(username: str, day: dt.date) -> str:
    """ASCII without what a header or a disk could take for something else."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in username)
    return f"parley-export-{plain.strip('.-')[:80] or 'user'}-{day:%Y-%m-%d}.jsonl"


def _fitting(rows: QuerySet[Message]) -> tuple[list[UUID], bool]:
    """The ids of the next page, and whether nothing comes after it.

    Messages may be as large as a request: counting them alone would not bound the memory.
    """
    size = Length("content") + Length(Cast("metadata", TextField()))
    found = list(rows.annotate(size=size).values_list("id", "size")[: MOST_ROWS + 1])
    ids: list[UUID] = []
    total = 0
    for id, characters in found[:MOST_ROWS]:
        if ids and total + characters > MOST_CHARACTERS:
            break
        ids.append(id)
        total += characters
    return ids, len(ids) == len(found)


def _line_of_file(row: Attachment) -> bytes:
    try:
        data = base64.b64encode(bytes_of(row.stored_as)).decode()
    except FileNotFoundError:
        return line_of(attachment_line(row, None))
    return line_of(attachment_line(row, data))
