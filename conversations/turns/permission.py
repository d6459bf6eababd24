"""Whether the caller may ask the models that a request names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from accounts.callers import Caller
from accounts.errors import Forbidden
from conversations.files import IMAGES
from conversations.turns.request import TurnRequest
from providers.registry import registry
from providers.types import Ask


async def refuse_other_models(request: TurnRequest) -> None:
    """Raises Forbidden where the caller's API key is for other models only."""
    await refuse_models(request.caller, request.asks, request.options)


async def refuse_models(caller: Caller, asks: Sequence[Ask], options: Mapping[str, Any]) -> None:
    """The same, for what is asked without a turn.

    A key may name a model as the provider does, or as `provider/model`.
    """
    if not caller.allowed_models:
        return
    for ask in asks:
        for model in await _models(ask, options):
            if not may_ask(caller, ask.provider, model):
                raise Forbidden(f"This API key may not use the model {model}")


def may_ask(caller: Caller, provider: str, model: str) -> bool:
    allowed = caller.allowed_models
    return not allowed or model in allowed or f"{provider}/{model}" in allowed


def may_fall_back(request: TurnRequest, ask: Ask) -> bool:
    """Whether somebody whom the caller did not name may answer this caller and this question.

    A caller whose key is for some models only gets none whose model is not named.
    """
    can = registry().get(ask.provider).capabilities
    files = request.question.files if request.question else ()
    if not all(can.images if file.content_type in IMAGES else can.files for file in files):
        return False
    return may_ask(request.caller, ask.provider, ask.model)


async def _models(ask: Ask, options: Mapping[str, Any]) -> list[str]:
    named = ask.model or await registry().get(ask.provider).default_model()
    return [named, *_alternatives(options)]


def _alternatives(options: Mapping[str, Any]) -> Iterator[str]:
    """OpenRouter takes a list of further models as an option."""
    models = options.get("models")
    if isinstance(models, list):
        yield from (str(model) for model in models)
