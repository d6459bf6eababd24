"""What a question may cost, before it is asked, and what its answer has cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from accounts.billing import Bill
from accounts.budgets import Estimate
from accounts.callers import Caller
from accounts.spending import Reservation
from accounts.usage import Charge, charge
from conversations.models import Turn
from conversations.turns.request import TurnRequest
from providers.counting import tokens_in, tokens_of
from providers.errors import ProviderNotFound
from providers.prices import cost_of, price_of
from providers.registry import registry
from providers.resilience.steps import COMPLETED, Left
from providers.types import Ask, ChatMessage

# Of an answer whose length nobody has limited.
USUAL_ANSWER_TOKENS = 1024
_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
# More is a provider's mistake, and no number for every database.
_MOST_TOKENS = 2**40


def estimate_of(
    provider: str, model: str, *, prompt_tokens: int, options: Mapping[str, Any]
) -> Estimate:
    """What an answer may take at most."""
    answer_tokens = next(filter(None, (_count(options.get(name)) for name in _LIMITS)), 0)
    answer_tokens = answer_tokens or USUAL_ANSWER_TOKENS
    price = price_of(provider, model)
    cost = None if price is None else price.cost(prompt_tokens, answer_tokens)
    return Estimate(model, prompt_tokens, answer_tokens, cost)


async def model_of(ask: Ask) -> str:
    """The model that will be asked for; empty where the provider is not there."""
    if ask.model:
        return ask.model
    try:
        return await registry().get(ask.provider).default_model()
    except ProviderNotFound:
        return ""


def counted(attempts: Sequence[Left], *, text: str, prompt_tokens: int) -> tuple[Left, ...]:
    """At least one attempt, with a count of ours where a provider that answered gave none.

    `text` is taken for the last one's: the others failed before their first word, or called tools.
    """
    *others, last = attempts
    before = (_counted(left, "", prompt_tokens) for left in others)
    return (*before, _counted(last, text, prompt_tokens))


def lacks_count(attempts: Sequence[Left]) -> bool:
    """Whether `counted` may have something to count."""
    return any(left.usage is None for left in attempts)


def charges_of(caller: Caller, attempts: Iterable[Left]) -> tuple[Charge, ...]:
    """Also of attempts that came to nothing, where their provider says what they took."""
    charges = (_charge(caller, left) for left in attempts if left.usage)
    return tuple(one for one in charges if one is not None)


def bill_of_dead(turn: Turn) -> Bill:
    """Of a turn whose worker died: what its pages hold was answered; nothing, if that is none."""
    held = Reservation.objects.filter(holder=turn.id).first()
    if not turn.text:
        return Bill((), turn.id)
    caller = _caller_of(turn.workspace, held.key_id if held else "")
    question = turn.question.content if turn.question else ""
    prompt_tokens = held.prompt_tokens if held else tokens_in(question)
    usage = _counted_usage(prompt_tokens, turn.text)
    return Bill((_charged(caller, turn.provider, turn.model, usage),), turn.id)


def estimate_of_turn(request: TurnRequest, messages: Iterable[ChatMessage], model: str) -> Estimate:
    """For the first that is asked, whose own default `model` may be."""
    prompt_tokens = tokens_of(messages)
    provider = request.asks[0].provider
    return estimate_of(provider, model, prompt_tokens=prompt_tokens, options=request.options)


def _counted(left: Left, text: str, prompt_tokens: int) -> Left:
    if left.usage is not None or not (text or left.outcome == COMPLETED):
        return left
    return replace(left, usage=_counted_usage(prompt_tokens, text))


def _charge(caller: Caller, left: Left) -> Charge | None:
    usage = left.usage or {}
    if not any(_count(usage.get(name)) for name in _NAMES):
        return None
    return _charged(caller, left.ask.provider, left.model, usage)


_NAMES = ("prompt_tokens", "completion_tokens", "total_tokens")


def _charged(caller: Caller, provider: str, model: str, usage: Mapping[str, Any]) -> Charge:
    prompt, completion, total = (_count(usage.get(name)) for name in _NAMES)
    # Of a sum alone nobody knows which side it was.
    prompt = prompt or max(0, total - completion)
    cost = cost_of(provider, model, prompt_tokens=prompt, completion_tokens=completion, usage=usage)
    return charge(
        caller,
        provider,
        model,
        prompt_tokens=prompt,
        completion_tokens=completion,
        nanodollars=cost,
        estimated=bool(usage.get("estimated")),
    )


def _counted_usage(prompt_tokens: int, text: str) -> dict[str, Any]:
    completion = tokens_in(text)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": prompt_tokens + completion,
        "estimated": True,
    }


def _count(value: Any) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 0 <= value <= _MOST_TOKENS else 0


def _caller_of(workspace: str, key_id: str) -> Caller:
    """Whose workspace it is, as far as the rows say."""
    kind, _, user_id = workspace.partition(":")
    return Caller(
        kind="user" if kind == "user" else "shared_key",
        workspace=workspace,
        user_id=UUID(user_id) if kind == "user" else None,
        key_id=UUID(key_id) if key_id else None,
    )
