"""Bringing one index up to what the database says of some changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from search import outbox
from search.models import Change
from search.sources import Source, ids_of, owners_of, sources_of


class Index(Protocol):
    """What a lane fills. All of it may be done again, which then changes nothing."""

    def put(self, sources: Sequence[Source]) -> None:
        """Those that it has otherwise, or not at all."""
        ...

    def remove(self, workspace: str, source_ids: Sequence[UUID]) -> None: ...

    def remove_conversation(self, workspace: str, conversation_id: UUID) -> None: ...


@dataclass(frozen=True, slots=True)
class Applied:
    """What was read and then indexed, to be compared with what is there when it is done."""

    changes: Sequence[Change]
    digests: Mapping[UUID, str]

    def still_true(self) -> set[int]:
        """The changes after which nothing has changed again.

        Who else indexes the same message may have read it later and written it earlier: what is
        no longer so when it is written is indexed again.
        """
        now = {id: source.digest for id, source in sources_of(_ids_in(self.changes)).items()}
        return {
            change.id
            for change in self.changes
            if change.source_id is None
            or now.get(change.source_id) == self.digests.get(change.source_id)
        }


def apply(index: Index, changes: Sequence[Change]) -> Applied:
    for change in changes:
        if change.source_id is None:
            _apply_to_all(index, change)
    sources = sources_of(_ids_in(changes))
    for workspace, gone in _missing(changes, sources).items():
        index.remove(workspace, gone)
    index.put(list(sources.values()))
    return Applied(changes, {id: source.digest for id, source in sources.items()})


def _ids_in(changes: Sequence[Change]) -> list[UUID]:
    return list({change.source_id for change in changes if change.source_id is not None})


def _apply_to_all(index: Index, change: Change) -> None:
    """Its messages are changes of their own, however many there are."""
    if change.workspace:
        index.remove_conversation(change.workspace, change.conversation_id)
    if ids := ids_of(change.conversation_id):
        outbox.note(change.conversation_id, ids, lanes=[outbox.Lane(change.lane)])
    elif owner := owners_of([change.conversation_id]).get(change.conversation_id):
        index.remove_conversation(owner, change.conversation_id)


def _missing(changes: Sequence[Change], sources: Mapping[UUID, Source]) -> dict[str, list[UUID]]:
    """What is not to be found any more, by the owner that an index has it under."""
    gone = [c for c in changes if c.source_id is not None and c.source_id not in sources]
    owners = owners_of({change.conversation_id for change in gone})
    found: dict[str, list[UUID]] = {}
    for change in gone:
        # Of a conversation that is gone itself, all was or will be removed at once.
        owner = owners.get(change.conversation_id)
        if owner and change.source_id:
            found.setdefault(owner, []).append(change.source_id)
    return found
