"""What a search may find: the caller's own rows and no others, looked up in the database."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.callers import Caller
from conversations.access import inside_lists
from conversations.models import Conversation, Message, Turn
from search.models import WordDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Empty ones let everything through; `after` and `before` are inclusive.

    `thread_model` is what a thread's metadata names, `model` what the message was asked with;
    `excluded` are conversations to leave out.
    """

    surface: str = ""
    conversation_id: UUID | None = None
    role: str = ""
    model: str = ""
    provider: str = ""
    product: str = ""
    agent: str = ""
    thread_model: str = ""
    after: dt.datetime | None = None
    before: dt.datetime | None = None
    excluded: frozenset[UUID] = frozenset()

    @property
    def speak_of_messages(self) -> bool:
        """Whether a title or a summary, which no message is, could never pass."""
        return bool(self.role or self.model or self.provider or self.after or self.before)


@dataclass(frozen=True, slots=True)
class Scope:
    """One caller's view: every search goes through it, whatever an index has found."""

    caller: Caller
    filters: Filters = field(default_factory=Filters)

    @property
    def workspace(self) -> str:
        return self.caller.workspace

    def without(self, conversation_ids: Iterable[UUID]) -> "Scope":
        """The same but for these conversations; earlier exclusions are forgotten."""
        filters = replace(self.filters, excluded=frozenset(conversation_ids))
        return Scope(self.caller, filters)

    def conversations(self) -> QuerySet[Conversation]:
        rows = Conversation.objects.filter(
            inside_lists(self.caller), workspace=self.workspace, deleted_at=None
        )
        filters = self.filters
        if filters.excluded:
            rows = rows.exclude(id__in=filters.excluded)
        if filters.surface:
            rows = rows.filter(surface=filters.surface)
        if filters.conversation_id:
            rows = rows.filter(id=filters.conversation_id)
        if filters.product:
            rows = rows.filter(product=filters.product)
        if filters.agent:
            rows = rows.filter(agent=filters.agent)
        if filters.thread_model:
            rows = rows.filter(metadata__model=filters.thread_model)
        return rows

    def messages(self) -> QuerySet[Message]:
        return Message.objects.filter(self._of_messages(), conversation__in=self.conversations())

    def messages_among(self, ids: Collection[UUID]) -> QuerySet[Message]:
        """Looked up by their ids, however many conversations there are."""
        home = self.conversations().filter(id=OuterRef("conversation_id"))
        return Message.objects.filter(self._of_messages(), Exists(home), id__in=ids)

    def documents(self) -> QuerySet[WordDocument]:
        # Row by row: as a list, all conversations of the owner would be read each time.
        home = self.conversations().filter(id=OuterRef("conversation_id"))
        rows = WordDocument.objects.filter(Exists(home), workspace=self.workspace)
        if not self.filters.speak_of_messages:
            return rows
        message = Message.objects.filter(self._of_messages(), id=OuterRef("message_id"))
        return rows.filter(Exists(message))

    def _of_messages(self) -> Q:
        filters, wanted = self.filters, Q()
        if filters.role:
            wanted &= Q(role=filters.role)
        if filters.model:
            wanted &= Q(model=filters.model)
        if filters.after:
            wanted &= Q(created_at__gte=filters.after)
        if filters.before:
            wanted &= Q(created_at__lte=filters.before)
        if filters.provider:
            turns = Turn.objects.filter(provider=filters.provider)
            wanted &= Q(Exists(turns.filter(answer_id=OuterRef("id")))) | Q(
                Exists(turns.filter(question_id=OuterRef("id")))
            )
        return wanted
