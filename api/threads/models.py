"""`GET /models`: what every configured provider has (T-6)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from api.auth import asking_user
from api.endpoints import endpoint
from api.openapi import documented, refusals
from api.responses import json_response
from api.threads.problems import PROBLEMS, LlmDisabled
from api.threads.serializers import ModelCardJson, ModelsJson
from providers.catalogue import Listing, catalogue
from providers.errors import ProviderError
from providers.registry import registry

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
    found = (await catalogue().listings(_providers())).values()
    listings = [listing for listing in found if isinstance(listing, Listing)]
    faults = [fault for fault in found if isinstance(fault, ProviderError)]
    if not listings and faults:
        raise faults[0]
    cards = {card.id: card for listing in listings for card in _cards(listing)}
    return json_response(ModelsJson(models=list(cards), cards=list(cards.values())))


models = endpoint(GET=_models, HEAD=_models, problems=PROBLEMS)


def _providers() -> list[str]:
    """The default one first; `demo` only where it is that."""
    default = registry().require_default()
    others = [name for name in registry().configured() if name not in (default, _DEMO)]
    return [default, *others]


def _cards(listing: Listing) -> list[ModelCardJson]:
    trouble = listing.trouble or None
    return [ModelCardJson(id=m.id, name=m.name, unavailable=trouble) for m in listing.models]
