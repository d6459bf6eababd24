"""From a prompt to a turn: where it is stored, who is asked, what counts as the same question."""

import hashlib
from dataclasses import dataclass, replace

from django.conf import settings

from accounts.callers import Caller
from api.asking import named, routed
from api.websocket import rows
from api.websocket.frames import Prompt, Regenerate
from api.websocket.rows import Home
from conversations.errors import NothingToAnswer
from conversations.turns.request import Heading, Idempotency, Linear, Question, TurnRequest
from conversations.turns.service import Turn, query, start_turn
from providers.types import Ask

TITLE_CHARACTERS = 32
_LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn that has begun, and the conversation that it belongs to."""

    turn: Turn
    home: Home


async def asked(caller: Caller, home: Home | None, prompt: Prompt) -> Asked:
    """Begin the turn; without a `home` in a new conversation. Leaves nothing where it raises.

    Raises ConversationError, AccountError, ProviderError.
    """
    if home is not None:
        return Asked(await _started(caller, home, prompt, _key(prompt, home)), home)
    new = await query(rows.begin, caller, prompt.before)
    try:
        turn = await _started(caller, new, prompt, _key(prompt, None))
        found = await query(rows.home_of_turn, caller, turn.id) if prompt.key else new
    except BaseException:
        await query(rows.discard, caller, new)
        raise
    if found.conversation_id != new.conversation_id:
        # The same question was asked on another connection: its conversation is this one's too.
        await query(rows.discard, caller, new)
    return Asked(turn, found)


async def asked_again(caller: Caller, home: Home | None, again: Regenerate) -> Asked:
    """Begin another answer to the latest question.

    Raises NothingToAnswer, and what `asked` does.
    """
    if home is None:
        raise NothingToAnswer
    ask = await _ask(home, again.model or home.model or None)
    latest = await query(rows.latest_message_of, home)
    history = Linear(home.surface, home.conversation_id, most=home.most, instead_of=latest)
    request = _request(caller, home, ask, history, model=again.model)
    key = _key_of(again.key, "regenerate", str(home.conversation_id), again.model)
    return Asked(await start_turn(replace(request, idempotency=key)), home)


async def _started(caller: Caller, home: Home, prompt: Prompt, key: Idempotency | None) -> Turn:
    ask = await _ask(home, prompt.model or home.model or None)
    heading = _heading(home, prompt, ask)
    history = Linear(home.surface, home.conversation_id, heading, most=home.most)
    sender_id = str(caller.user_id) if home.surface == rows.THREADS else ""
    question = Question(prompt.content, model=prompt.model, sender_id=sender_id)
    request = _request(caller, home, ask, history, model=prompt.model)
    return await start_turn(replace(request, question=question, idempotency=key))


def _request(
    caller: Caller, home: Home, ask: Ask, history: Linear, *, model: str | None
) -> TurnRequest:
    """Without a question; `model` is the one that the client named."""
    return TurnRequest(
        caller=caller,
        history=history,
        asks=(ask,),
        question=None,
        memory_limit=home.memory_limit,
        silence_limit=settings.PROVIDER_TIMEOUT_SECONDS,
        answer_model=ask.model if home.surface == rows.THREADS else model,
    )


async def _ask(home: Home, model: str | None) -> Ask:
    if home.provider:
        return await named(home.provider, model, source="thread")
    return await routed(model)


def _heading(home: Home, prompt: Prompt, ask: Ask) -> Heading:
    title = prompt.content[:TITLE_CHARACTERS]
    label = home.label or ask.model
    if home.surface == rows.THREADS and label:
        # As the threads API has it, which always knows the model (T-4.2).
        title = f"{label}: {title}".replace("[", "").replace("]", "")
    return Heading(title[:_LONGEST_TITLE], {})


def _key(prompt: Prompt, home: Home | None) -> Idempotency | None:
    """The client's id of the message, with a digest of all that makes it this question."""
    place = str(home.conversation_id) if home is not None else "new"
    before = [part for said in prompt.before for part in (said.role, said.content)]
    return _key_of(prompt.key, place, prompt.model, prompt.content, *before)


def _key_of(key: str | None, *said: str | None) -> Idempotency | None:
    digest = hashlib.sha256(repr(["/ws/chat", *said]).encode()).hexdigest()
    return Idempotency(key, digest) if key is not None else None
