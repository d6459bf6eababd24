"""A file of either format as batches of items; nothing in it is believed."""

from collections.abc import Iterator
from typing import IO, Any
from uuid import UUID

from conversations.portable.arrays import Items
from conversations.portable.chatgpt import entries_in
from conversations.portable.checks import record_in
from conversations.portable.entries import Batch, Entry
from conversations.portable.errors import NotAnExport, Unreadable
from conversations.portable.lines import LONGEST_LINE, numbered_lines
from conversations.portable.records import VERSION, AttachmentLine, End, Header
from conversations.portable.report import Outcome, Report

# As many as hold up the turns of others for some milliseconds only.
MOST_ITEMS = 100
MOST_BYTES = 4 * 1024 * 1024
# A file with more of them is of another kind, and not worth the time of reading on.
MOST_UNREADABLE = 1000
_LOOKED_AT = 4096
_KIND_ORDER = ("conversation", "message", "attachment", "provider_thread")


class Reader:
    """Batches of a file that can be sought; raises NotAnExport for one of another kind.

    The format, and whether the file is complete, are noted in the report.
    """

    def __init__(self, file: IO[bytes], report: Report) -> None:
        self._report = report
        start = file.read(_LOOKED_AT).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        file.seek(0)
        if start == b"[":
            report.format = "chatgpt"
            self._found = self._chatgpt(Items(file))
        elif start == b"{":
            self._found = self._lines(file)
        else:
            raise NotAnExport
        self._found = _until_hopeless(self._found)
        self._next: Entry | Outcome | None = next(self._found, None)

    def next_batch(self) -> Batch | None:
        """None when everything was read."""
        if self._next is None:
            return None
        entries: list[Entry] = []
        refusals: list[Outcome] = []
        ids: set[tuple[str, UUID]] = set()
        size = 0
        while (found := self._next) is not None and len(entries) + len(refusals) < MOST_ITEMS:
            if isinstance(found, Outcome):
                refusals.append(found)
            else:
                key, size = (found.type, found.item.id), size + _size_of(found)
                if key in ids or (entries and size > MOST_BYTES):
                    break
                ids.add(key)
                entries.append(found)
            self._next = next(self._found, None)
        entries.sort(key=lambda entry: _KIND_ORDER.index(entry.type))
        return Batch(entries, refusals)

    def _lines(self, file: IO[bytes]) -> Iterator[Entry | Outcome]:
        for number, line in numbered_lines(file):
            try:
                if line is None:
                    raise Unreadable(f"The line is longer than {LONGEST_LINE} bytes")
                record = record_in(line)
                self._report.is_complete = isinstance(record, End)
                if isinstance(record, Header):
                    if record.version != VERSION:
                        yield _unknown_version(number, record)
                        return
                elif not isinstance(record, End):
                    yield Entry(number, record)
            except Unreadable as error:
                yield Outcome(number, "unknown", None, "refused", str(error))

    def _chatgpt(self, items: Items) -> Iterator[Entry | Outcome]:
        number = 0
        try:
            for number, item in enumerate(items, 1):
                yield from _entries(number, item)
        except Unreadable as error:
            yield Outcome(number + 1, "unknown", None, "refused", str(error))
        self._report.is_complete = items.is_complete


def _entries(number: int, item: Any) -> Iterator[Entry | Outcome]:
    try:
        yield from entries_in(number, item)
    except Unreadable as error:
        yield Outcome(number, "conversation", None, "refused", str(error))


def _unknown_version(number: int, header: Header) -> Outcome:
    reason = f"Version {header.version} of the format is not known here: nothing was read"
    return Outcome(number, "unknown", None, "refused", reason)


def _until_hopeless(found: Iterator[Entry | Outcome]) -> Iterator[Entry | Outcome]:
    unreadable = 0
    for each in found:
        yield each
        unreadable += isinstance(each, Outcome)
        if unreadable == MOST_UNREADABLE:
            reason = f"After {MOST_UNREADABLE} unreadable items the rest was not read"
            yield Outcome(each.line, "unknown", None, "refused", reason)
            return


def _size_of(entry: Entry) -> int:
    """Roughly, in bytes: what makes a batch large is texts and files."""
    item = entry.item
    if isinstance(item, AttachmentLine):
        return len(item.data_base64 or "")
    return len(getattr(item, "content", ""))
