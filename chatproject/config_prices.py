"""The setting of prices: what models cost, as far as no catalogue says it."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import PlainValidator

from providers.prices import Price

_FORM = (
    "must map models to two prices in US dollars for a million tokens, 0 or more, such as"
    ' {"openai/gpt-4o-mini": ["0.15", "0.60"], "ollama/*": [0, 0]}'
)
_MOST = 1_000_000
_SIDES = 2


def _prices(value: object) -> dict[str, Price]:
    listed = _mapping(value) if isinstance(value, str) else value
    if not isinstance(listed, Mapping):
        raise ValueError(_FORM)
    return {str(model).strip(): _price(pair) for model, pair in listed.items()}


def _mapping(text: str) -> object:
    try:
        # Texts, because a float is not what was written.
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def _price(pair: object) -> Price:
    if not isinstance(pair, list | tuple) or len(pair) != _SIDES:
        raise ValueError(_FORM)
    return Price(*(_dollars(amount) for amount in pair))


def _dollars(value: object) -> Decimal:
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ValueError(_FORM) from error
    if isinstance(value, bool) or not amount.is_finite() or not 0 <= amount < _MOST:
        raise ValueError(_FORM)
    return amount


Prices = Annotated[dict[str, Price], PlainValidator(_prices)]
