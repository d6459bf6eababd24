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
from providers.counting import tokens_in, tokens_of, tokens_of_schemas
from providers.errors import ProviderNotFound
from providers.prices import cost_of, price_of
from providers.received import written_in
from providers.registry import registry
from providers.resilience.steps import COMPLETED, Left
from providers.types import Ask, ChatMessage

# Of an answer whose length nobody has limited.
USUAL_ANSWER_TOKENS = 1024
# Those that providers take; of another name nobody keeps to it.
_LIMITS = ("max_completion_tokens", "max_tokens", "num_predict")
# More is a provider's mistake, and no number for every database.
_MOST_TOKENS = 2**40


def estimate_of(asks: Sequence[Ask], *, prompt_tokens: int, options: Mapping[str, Any]) -> Estimate:
    """What an answer may take at most, whichever of `asks` gives it; their models are named."""
    limit = max(_count(options.get(name)) for name in _LIMITS) or USUAL_ANSWER_TOKENS
    answer_tokens = min(_MOST_TOKENS, limit * max(1, _count(options.get("n"))))
    costs = [_cost(ask, prompt_tokens, answer_tokens) for ask in asks]
    # One that may cost anything is more than all the others.
    place = max(range(len(costs)), key=lambda place: (costs[place] is None, costs[place] or 0))
    return Estimate(asks[place].model, prompt_tokens, answer_tokens, costs[place])


async def with_models(asks: Iterable[Ask]) -> tuple[Ask, ...]:
    """The same, with the models that will be asked for; none where the provider is not there."""
    return tuple([replace(ask, model=await _model_of(ask)) for ask in asks])


def counted(attempts: Iterable[Left], *, prompt_tokens: int) -> tuple[Left, ...]:
    """The attempts, with a count of ours where a provider that answered gave none."""
    return tuple(_counted(left, prompt_tokens) for left in attempts)


def lacks_count(attempts: Iterable[Left]) -> bool:
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


def estimate_of_turn(
    request: TurnRequest, messages: Iterable[ChatMessage], asks: Sequence[Ask]
) -> Estimate:
    """`asks` are the request's, with their models."""
    prompt_tokens = prompt_tokens_of_turn(request, messages)
    return estimate_of(asks, prompt_tokens=prompt_tokens, options=request.options)


def prompt_tokens_of_turn(request: TurnRequest, messages: Iterable[ChatMessage]) -> int:
    return tokens_of(messages) + tokens_of_schemas(request.options, request.tools)


async def _model_of(ask: Ask) -> str:
    if ask.model:
        return ask.model
    try:
        return await registry().get(ask.provider).default_model()
    except ProviderNotFound:
        return ""


def _cost(ask: Ask, prompt_tokens: int, answer_tokens: int) -> int | None:
    price = price_of(ask.provider, ask.model)
    return None if price is None else price.cost(prompt_tokens, answer_tokens)


def _counted(left: Left, prompt_tokens: int) -> Left:
    if left.usage is not None:
        return left
    written = written_in(left)
    if written is None and left.outcome != COMPLETED:
        return left
    return replace(left, usage=_counted_usage(prompt_tokens, written or ""))


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
