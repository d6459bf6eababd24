"""What is exported: a thread, its messages, their files."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

UNTITLED = "Untitled"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    filename: str
    content_type: str
    size_bytes: int
    url: str

    @property
    def summary(self) -> str:
        return f"{self.filename} ({self.content_type}, {_readable(self.size_bytes)})"


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """`text` is Markdown of any origin: nothing in it is trusted."""

    created_at: datetime
    sender: str
    text: str
    attachments: tuple[ExportedFile, ...] = ()

    @property
    def time(self) -> str:
        return _rfc3339(self.created_at)


@dataclass(frozen=True, slots=True)
class ExportedThread:
    """`messages`, oldest first, is read once and lazily: it may be longer than memory."""

    id: UUID
    title: str | None
    created_at: datetime
    messages: Iterable[ExportedMessage]

    @property
    def heading(self) -> str:
        """The title on one line."""
        return " ".join((self.title or "").split()) or UNTITLED

    @property
    def facts(self) -> tuple[str, str]:
        return f"Thread ID: {self.id}", f"Created: {_rfc3339(self.created_at)}"


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _readable(size: int) -> str:
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:.1f} KiB" if size < 1024**2 else f"{size / 1024**2:.1f} MiB"
