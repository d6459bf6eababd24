"""What a search gives: messages and headings of conversations, and why they were found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from conversations.models import Conversation, Message
from search.snippets import Snippet


class Mode(StrEnum):
    """How to look; `auto` merges meaning and words."""

    AUTO = "auto"
    SEMANTIC = "semantic"
    WORDS = "words"
    REGEX = "regex"


class Why(StrEnum):
    MEANING = "meaning"
    WORDS = "words"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Match:
    """A message, or with `message` None the title and summary of the conversation.

    `score` orders the matches of one answer and means nothing beyond it; `parts` says what it
    is made of: ranks by `meaning` and `words` from 1, `bm25`, and `similarity` (cosine).
    """

    conversation: Conversation
    message: Message | None
    snippet: Snippet
    why: tuple[Why, ...]
    score: float
    similarity: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    more: int = 0  # further matches in the same conversation, where they are grouped


@dataclass(frozen=True, slots=True)
class Results:
    """`next` is the cursor of the next page, or None at the end.

    `degraded` says in words for people why a way of looking was left out; `is_complete` is
    False where the time was up before all was looked at.
    """

    matches: list[Match]
    next: str | None = None
    degraded: str | None = None
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class FoundConversation:
    conversation: Conversation
    similarity: float | None
    matches: list[Match]
