"""What a call costs: exact, from the operator's list or the provider's own (issue 7 point 7)."""

from decimal import Decimal
from typing import Any

import pytest

from providers import prices
from providers.backends.scripted import Scripted
from providers.catalogue import Catalogue
from providers.prices import Price, cost_of, price_of
from providers.registry import ProviderSpec, Registry
from providers.types import ModelInfo


class Priced(Scripted):
    """A catalogue as OpenRouter has it."""

    async def models(self) -> tuple[ModelInfo, ...]:
        pricing: dict[str, Any] = {
            "cheap": {"prompt": "0.000000015", "completion": "0.00000006"},
            "depends": {"prompt": "-1", "completion": "-1"},
            "odd": {"prompt": "much", "completion": None},
            "silent": None,
        }
        return tuple(ModelInfo(name, name, {"pricing": value}) for name, value in pricing.items())


@pytest.fixture(autouse=True)
async def _catalogued(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.MODEL_PRICES = {}
    spec = ProviderSpec(f"{__name__}.Priced", {}, None)
    catalogue = Catalogue(Registry({"openrouter": spec}))
    await catalogue.look("openrouter")
    monkeypatch.setattr(prices, "catalogue", lambda: catalogue)


async def test_the_catalogue_says_what_a_model_costs() -> None:
    assert price_of("openrouter", "cheap") == Price(Decimal("0.015"), Decimal("0.06"))
    cost = cost_of("openrouter", "cheap", prompt_tokens=3, completion_tokens=2)
    assert cost == 3 * 15 + 2 * 60


@pytest.mark.parametrize("model", ["depends", "odd", "silent", "unheard of"])
async def test_what_nobody_says_is_not_guessed(model: str) -> None:
    assert price_of("openrouter", model) is None
    assert cost_of("openrouter", model, prompt_tokens=1, completion_tokens=1) is None


async def test_the_operators_list_goes_first_and_its_exact_names_before_all(settings: Any) -> None:
    costs = {name: Price(Decimal(number), Decimal(0)) for number, name in enumerate(NAMES)}
    settings.MODEL_PRICES = costs
    for name in NAMES:
        assert price_of("openrouter", "cheap") == costs[name]
        settings.MODEL_PRICES = costs = {key: costs[key] for key in costs if key != name}
    assert price_of("openrouter", "cheap") == Price(Decimal("0.015"), Decimal("0.06"))


NAMES = ("openrouter/cheap", "cheap", "openrouter/*")


async def test_the_cost_that_openrouter_tells_itself_is_the_cost() -> None:
    def cost(provider: str) -> int | None:
        usage = {"cost": 0.000123456}
        return cost_of(provider, "depends", prompt_tokens=3, completion_tokens=2, usage=usage)

    assert cost("openrouter") == 123_456
    # Elsewhere the word may mean anything.
    assert cost("other") is None


async def test_the_demo_is_free() -> None:
    assert cost_of("demo", "demo", prompt_tokens=10, completion_tokens=10) == 0
