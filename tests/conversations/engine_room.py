"""An engine in this process, with scripted providers, on the test database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from accounts.callers import ANONYMOUS
from conversations.models import Conversation
from conversations.turns.request import Linear, Question, TurnRequest
from conversations.turns.service import close_engine, engine, query
from providers.backends.scripted import Scripted
from providers.registry import Registry, use_registry
from providers.types import Ask, Handling


class ScriptedRegistry(Registry):
    """Providers by name, each with its scripts; what fails is not asked again unless told so."""

    def __init__(self, **providers: Scripted) -> None:
        super().__init__({}, None, None)
        self._scripted = providers
        self.handled = Handling(retries=0, failures=0)

    def handling(self, name: str) -> Handling:
        return self.handled

    def is_configured(self, name: str) -> bool:
        return name in self._scripted

    def get(self, name: str) -> Any:
        if name not in self._scripted:
            return super().get(name)
        return self._scripted[name]


@asynccontextmanager
async def running_engine(**providers: Scripted) -> AsyncIterator[None]:
    use_registry(ScriptedRegistry(**providers))
    try:
        engine()
        yield
    finally:
        await close_engine()
        use_registry(None)


async def new_conversation() -> UUID:
    row = await query(Conversation.objects.create, workspace="anonymous", surface="test")
    return row.id


def request_to(
    conversation_id: UUID, *names: str, content: str = "Hello", **fields: Any
) -> TurnRequest:
    asks: Sequence[Ask] = [Ask(name, "a", "default") for name in names or ("first",)]
    return TurnRequest(
        caller=ANONYMOUS,
        history=Linear("test", conversation_id),
        asks=tuple(asks),
        question=Question(content),
        **fields,
    )
