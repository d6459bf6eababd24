"""Whether the caller may ask the models that a request names."""

from collections.abc import Iterator

from accounts.errors import Forbidden
from conversations.turns.request import Ask, TurnRequest
from providers.registry import registry


async def refuse_other_models(request: TurnRequest) -> None:
    """Raises Forbidden where the caller's API key is for other models only.

    A key may name a model as the provider does, or as `provider/model`.
    """
    allowed = request.caller.allowed_models
    if not allowed:
        return
    for ask in request.asks:
        for model in await _models(ask, request):
            if model not in allowed and f"{ask.provider}/{model}" not in allowed:
                raise Forbidden(f"This API key may not use the model {model}")


async def _models(ask: Ask, request: TurnRequest) -> list[str]:
    named = ask.model or await registry().get(ask.provider).default_model()
    return [named, *_alternatives(request)]


def _alternatives(request: TurnRequest) -> Iterator[str]:
    """OpenRouter takes a list of further models as an option."""
    models = request.options.get("models")
    if isinstance(models, list):
        yield from (str(model) for model in models)
