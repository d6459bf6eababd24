"""`GET /v1/models` and `GET /v1/models/{id}`: what can be asked for."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.callers import Caller
from api.endpoints import endpoint
from api.openai.callers import calling
from api.openai.documents import OBJECT, refusals
from api.openai.problems import PROBLEMS, ModelNotFound
from api.openapi import documented
from api.responses import json_response
from conversations.turns.permission import may_ask
from providers.catalogue import Listing, catalogue
from providers.errors import ProviderError
from providers.registry import registry

_WITHOUT_NETWORK = "demo"


@documented(operation_id="list_openai_models", responses={**OBJECT, **refusals(401)})
async def _list(request: HttpRequest) -> HttpResponse:
    """The models of all configured providers, the default one's first."""
    caller = await calling(request)
    return json_response({"object": "list", "data": await _models(caller)})


@documented(operation_id="get_openai_model", responses={**OBJECT, **refusals(401, 404)})
async def _retrieve(request: HttpRequest, model_id: str) -> HttpResponse:
    """One of them."""
    caller = await calling(request)
    for model in await _models(caller):
        if model["id"] == model_id:
            return json_response(model)
    raise ModelNotFound(model_id)


models = endpoint(GET=_list, problems=PROBLEMS)
model = endpoint(GET=_retrieve, problems=PROBLEMS)


async def _models(caller: Caller) -> list[dict[str, Any]]:
    """Those that the caller may ask; a provider that cannot be reached adds none."""
    listings = await catalogue().listings(_providers())
    return [
        {"id": model_id, "object": "model", "created": 0, "owned_by": name}
        for name, listing in listings.items()
        for model_id in _ids(listing)
        if may_ask(caller, name, model_id)
    ]


def _providers() -> list[str]:
    default = registry().default_name
    names = registry().configured()
    others = [name for name in names if name not in (default, _WITHOUT_NETWORK)]
    return [default, *others] if default in names else others


def _ids(listing: Listing | ProviderError) -> list[str]:
    return [model.id for model in listing.models] if isinstance(listing, Listing) else []
