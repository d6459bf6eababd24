"""What models cost: the operator's list, else what a provider's catalogue says."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.conf import settings

from providers.catalogue import catalogue

# Amounts of money are whole billionths of a US dollar: cheap models cost less than a millionth
# for a word, and floats do not add up.
NANODOLLARS = 1_000_000_000
_MILLION = 1_000_000
_TELLS_ITS_COST = "openrouter"
_FREE = "demo"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of the prompt, and of the answer."""

    prompt: Decimal
    completion: Decimal

    def cost(self, prompt_tokens: int, completion_tokens: int) -> int:
        """In nanodollars."""
        dollars = (self.prompt * prompt_tokens + self.completion * completion_tokens) / _MILLION
        return _nanodollars(dollars)


def price_of(provider: str, model: str) -> Price | None:
    """None where nobody has said; reads only what is known already."""
    listed: Mapping[str, Price] = settings.MODEL_PRICES
    for name in (f"{provider}/{model}", model, f"{provider}/*"):
        if name in listed:
            return listed[name]
    if provider == _FREE:
        return Price(Decimal(0), Decimal(0))
    fields = catalogue().kept_fields(provider, model)
    return None if fields is None else _catalogued(fields.get("pricing"))


def cost_of(
    provider: str,
    model: str,
    *,
    prompt_tokens: int,
    completion_tokens: int,
    usage: Mapping[str, Any] | None = None,
) -> int | None:
    """In nanodollars; what the provider itself says in its `usage` goes before the list."""
    if provider == _TELLS_ITS_COST and (told := _amount((usage or {}).get("cost"))) is not None:
        return _nanodollars(told)
    price = price_of(provider, model)
    return None if price is None else price.cost(prompt_tokens, completion_tokens)


def _catalogued(pricing: Any) -> Price | None:
    """OpenRouter's form: dollars for one token, as texts; below 0 where it depends."""
    if not isinstance(pricing, Mapping):
        return None
    prompt, completion = _amount(pricing.get("prompt")), _amount(pricing.get("completion"))
    if prompt is None or completion is None:
        return None
    return Price(prompt * _MILLION, completion * _MILLION)


def _amount(value: Any) -> Decimal | None:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < _MILLION else None


def _nanodollars(dollars: Decimal) -> int:
    return int((dollars * NANODOLLARS).to_integral_value(ROUND_HALF_UP))
