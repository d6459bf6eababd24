"""`GET /models`: what every configured provider has (T-6)."""

import asyncio

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from api.auth import asking_user
from api.endpoints import endpoint
from api.openapi import documented, refusals
from api.responses import json_response
from api.threads.problems import PROBLEMS, LlmDisabled
from api.threads.serializers import ModelCardJson, ModelsJson
from providers.catalogue import catalogue
from providers.errors import ProviderFault, ProviderTimeout
from providers.registry import registry
from providers.types import ModelInfo

_DEMO = "demo"


@documented(
    operation_id="list_thread_models",
    responses={200: ModelsJson, **refusals(401, 502, 503)},
)
async def _models(request: HttpRequest) -> HttpResponse:
    """The models of all configured providers, the default provider's first."""
    await asking_user(request)
    if not settings.CHAT_LLM_ENABLED:
        raise LlmDisabled
    found = await asyncio.gather(*(_listed(name) for name in _providers()))
    lists = [models for models in found if not isinstance(models, ProviderFault)]
    faults = [fault for fault in found if isinstance(fault, ProviderFault)]
    if not lists and faults:
        raise faults[0]
    cards = {model.id: model.name for models in lists for model in models}
    return json_response(
        ModelsJson(
            models=list(cards),
            cards=[ModelCardJson(id=model, name=name) for model, name in cards.items()],
        )
    )


models = endpoint(GET=_models, HEAD=_models, problems=PROBLEMS)


def _providers() -> list[str]:
    """The default one first; `demo` only where it is that."""
    default = registry().require_default()
    others = [name for name in registry().configured() if name not in (default, _DEMO)]
    return [default, *others]


async def _listed(provider: str) -> tuple[ModelInfo, ...] | ProviderFault:
    seconds = settings.PROVIDER_TIMEOUT_SECONDS
    try:
        async with asyncio.timeout(seconds):
            return (await catalogue().models(provider)).models
    except TimeoutError:
        return ProviderTimeout(f"{provider} did not answer within {seconds:g} seconds.")
    except ProviderFault as fault:
        return fault
