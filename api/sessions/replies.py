"""Who is asked for the reply to a message, and how the reply is told (S-4)."""

from uuid import UUID

from api.asking import named, routed
from api.sessions.problems import NoReply
from api.sessions.serializers import MessageForm, MessageJson, ReplyJson, history_json
from conversations import services
from conversations.ids import new_id, time_of
from conversations.models import Conversation
from conversations.turns.events import TurnCompleted, TurnFailed
from conversations.turns.service import TurnResult, query
from providers.errors import ProviderNotConfigured, ProviderNotFound
from providers.registry import registry
from providers.routing import default_model
from providers.types import Ask


async def asks_for(form: MessageForm, session: Conversation) -> tuple[Ask, ...]:
    """The provider by S-4.2, and the fallback where it is another one (S-4.4).

    Raises ProviderError.
    """
    first = await _first_ask(form, session)
    fallback = registry().normalise(form.fallback_provider or session.fallback_provider)
    if not fallback or fallback == first.provider:
        return (first,)
    return (first, Ask(fallback, default_model(registry(), fallback), "fallback"))


async def _first_ask(form: MessageForm, session: Conversation) -> Ask:
    model = form.asked_model
    if form.provider is not None:
        return await named(form.provider, model, source="request")
    if session.provider:
        try:
            return await named(session.provider, model, source="session_default")
        except ProviderNotFound as error:
            # It was configured when the session began.
            variable = registry().missing_variable(session.provider) or "DEFAULT_PROVIDER"
            raise ProviderNotConfigured(session.provider, variable) from error
    return await routed(model)


async def reply_to(session_id: UUID, asks: tuple[Ask, ...], result: TurnResult) -> ReplyJson:
    """The reply with the history as it was right after it; raises NoReply."""
    end = result.end
    if isinstance(end, TurnFailed):
        raise NoReply(result.turn_id, end, _details(asks))
    completed = end if isinstance(end, TurnCompleted) else None
    # A turn that was stopped before its first text has no message of its own.
    message_id = UUID(end.message_id) if end.message_id else new_id()
    history = await query(services.history_up_to, session_id, message_id)
    return ReplyJson(
        session_id=session_id,
        provider=result.provider,
        provider_source=result.source,
        message=MessageJson(
            role="assistant",
            content=result.text,
            created_at=time_of(message_id),
            metadata={"finish_reason": completed.finish_reason if completed else "stopped"},
        ),
        usage=completed.usage if completed else None,
        history=history_json(history),
    )


def _details(asks: tuple[Ask, ...]) -> dict[str, str | None]:
    first, *others = asks
    return {
        "provider": first.provider,
        "source": first.source,
        "fallback_provider": others[0].provider if others else None,
    }
