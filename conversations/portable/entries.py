"""What stands in a file: items to be stored, each with the place where it was found."""

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.portable.records import (
    AttachmentLine,
    ConversationLine,
    Item,
    MessageLine,
    ProviderThreadLine,
)
from conversations.portable.report import Outcome, Result


@dataclass(frozen=True, slots=True)
class Entry:
    """`note` is for the report, whatever becomes of the item."""

    line: int
    item: Item
    note: str | None = None

    @property
    def type(self) -> str:
        return type_of(self.item)

    def outcome(self, result: Result, reason: str | None = None) -> Outcome:
        return Outcome(self.line, self.type, str(self.item.id), result, reason or self.note)


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that are stored together, no two with the same id, and what was refused between them.

    The conversations come first among them, then messages: what belongs to what is there.
    """

    entries: Sequence[Entry]
    refusals: Sequence[Outcome]


def type_of(item: Item) -> str:
    match item:
        case ConversationLine():
            return "conversation"
        case MessageLine():
            return "message"
        case AttachmentLine():
            return "attachment"
        case ProviderThreadLine():
            return "provider_thread"
