"""The words index as a lane fills it."""

from collections.abc import Sequence
from uuid import UUID

from search.sources import Source
from search.words import documents
from search.words.documents import Document

MOST_CHANGES = 50


class WordsIndex:
    def is_in_use(self) -> bool:
        return True

    def put(self, sources: Sequence[Source]) -> None:
        known = documents.digests([source.source_id for source in sources])
        new = [source for source in sources if known.get(source.source_id) != source.digest]
        documents.put([_document(source) for source in new])

    def remove(self, workspace: str, source_ids: Sequence[UUID]) -> None:
        documents.remove(source_ids)

    def remove_conversation(self, workspace: str, conversation_id: UUID) -> None:
        documents.remove_conversation(conversation_id)


def _document(source: Source) -> Document:
    return Document(
        workspace=source.workspace,
        conversation_id=source.conversation_id,
        message_id=source.message_id,
        digest=source.digest,
        text=source.text,
    )
