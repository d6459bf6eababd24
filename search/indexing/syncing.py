"""Bringing one index up to what the database says of some changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from search import outbox
from search.models import Change
from search.sources import Source, ids_of, owners_of, sources_of, state_of


class Index(Protocol):
    """What a lane fills. All of it may be done again, which then changes nothing."""

    def put(self, sources: Sequence[Source]) -> None:
        """Those that it has otherwise, or not at all."""
        ...

    def remove(self, workspace: str, source_ids: Sequence[UUID]) -> None: ...

    def remove_conversation(self, workspace: str, conversation_id: UUID) -> None: ...

    def is_in_use(self) -> bool:
        """Whether search asks this one; within a transaction it stays so until its end."""
        ...


@dataclass(frozen=True, slots=True)
class Applied:
    """What was read and then indexed, to be compared with what is there when it is done.

    Another indexer may have read the same message at another time and written it in the other
    order, and what was put may have been deleted before it was.
    """

    index: Index
    changes: Sequence[Change]
    sources: Mapping[UUID, Source]
    states: Mapping[int, tuple[str, bool] | None]

    def settle(self) -> set[int]:
        """The changes that are done: nothing has changed again since they were read."""
        now = sources_of(_ids_in(self.changes))
        self._remove_what_left(now)
        return {change.id for change in self.changes if self._is_done(change, now)}

    def _is_done(self, change: Change, now: Mapping[UUID, Source]) -> bool:
        if change.workspace == outbox.EVERYTHING:
            return self.states[change.id] is None
        if change.source_id is None:
            return state_of(change.conversation_id) == self.states[change.id]
        before, after = self.sources.get(change.source_id), now.get(change.source_id)
        if after is None:
            return True
        return before is not None and before.digest == after.digest

    def _remove_what_left(self, now: Mapping[UUID, Source]) -> None:
        for id, source in self.sources.items():
            after = now.get(id)
            if after is None or after.workspace != source.workspace:
                self.index.remove(source.workspace, [id])


def apply(index: Index, changes: Sequence[Change]) -> Applied:
    whole = [change for change in changes if change.source_id is None]
    states = {change.id: _apply_to_all(index, change) for change in whole}
    sources = sources_of(_ids_in(changes))
    for workspace, gone in _missing(changes, sources).items():
        index.remove(workspace, gone)
    index.put(list(sources.values()))
    return Applied(index, changes, sources, states)


def _ids_in(changes: Sequence[Change]) -> list[UUID]:
    return list({change.source_id for change in changes if change.source_id is not None})


def _apply_to_all(index: Index, change: Change) -> tuple[str, bool] | None:
    """Its messages are changes of their own, however many there are. Gives what it has read."""
    if change.workspace == outbox.EVERYTHING:
        return None if outbox.go_through(change) else (outbox.EVERYTHING, False)
    outbox.drop_same(change)
    state = state_of(change.conversation_id)
    if change.workspace and (state is None or state[0] != change.workspace):
        index.remove_conversation(change.workspace, change.conversation_id)
    if state is not None and state[1]:
        index.remove_conversation(state[0], change.conversation_id)
    elif state is not None:
        ids = ids_of(change.conversation_id)
        outbox.note_new(outbox.Lane(change.lane), change.conversation_id, ids)
    return state


def _missing(changes: Sequence[Change], sources: Mapping[UUID, Source]) -> dict[str, list[UUID]]:
    """What is not to be found any more, by the owner that an index has it under."""
    gone = [c for c in changes if c.source_id is not None and c.source_id not in sources]
    owners = owners_of({change.conversation_id for change in gone})
    found: dict[str, list[UUID]] = {}
    for change in gone:
        # Of a conversation that is gone itself, all was or will be removed at once.
        owner = owners.get(change.conversation_id) or change.workspace
        if owner and change.source_id:
            found.setdefault(owner, []).append(change.source_id)
    return found
