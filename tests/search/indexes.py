"""An index in memory, which can be told to fail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from search.sources import Source


@dataclass
class FakeIndex:
    """`texts` by owner and source; `before` is called with what is put."""

    texts: dict[tuple[str, UUID], str] = field(default_factory=dict)
    homes: dict[UUID, UUID] = field(default_factory=dict)
    before: Callable[[Sequence[Source]], object] = lambda sources: None
    in_use: bool = True

    def is_in_use(self) -> bool:
        return self.in_use

    def put(self, sources: Sequence[Source]) -> None:
        self.before(sources)
        for source in sources:
            self.texts[source.workspace, source.source_id] = source.text
            self.homes[source.source_id] = source.conversation_id

    def remove(self, workspace: str, source_ids: Sequence[UUID]) -> None:
        for id in source_ids:
            self.texts.pop((workspace, id), None)

    def remove_conversation(self, workspace: str, conversation_id: UUID) -> None:
        self.before([])
        own = [key for key in self.texts if self.homes[key[1]] == conversation_id]
        for key in own:
            if key[0] == workspace:
                del self.texts[key]

    def said(self) -> set[str]:
        return set(self.texts.values())
