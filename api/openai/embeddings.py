"""`POST /v1/embeddings`: passed on to the provider of the model, and back."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes

from api.asking import routed
from api.endpoints import endpoint
from api.openai.callers import calling
from api.openai.documents import OBJECT, refusals
from api.openai.problems import PROBLEMS
from api.openapi import documented
from api.parsing import fields_of, invalid
from conversations.turns.permission import refuse_models
from conversations.turns.stateless import metered_embedding
from providers.registry import registry


@documented(
    operation_id="create_embeddings",
    request=OpenApiTypes.OBJECT,
    responses={**OBJECT, **refusals(400, 401, 403, 404, 422, 429, 502, 503)},
)
async def _embed(request: HttpRequest) -> HttpResponse:
    """Turn texts into vectors; every field but `model` goes out as it came."""
    caller = await calling(request)
    fields = fields_of(request)
    if not isinstance(model := fields.get("model"), str) or not model.strip():
        # The default model is one to chat with.
        raise invalid("missing", "Field required: name a model that makes embeddings", "model")
    if "input" not in fields:
        raise invalid("missing", "Field required", "input")
    ask = await routed(model)
    await refuse_models(caller, (ask,), {})
    provider = registry().get(ask.provider)
    answer = await metered_embedding(
        caller,
        ask,
        lambda: provider.embed({**fields, "model": ask.model}),
        texts=fields["input"],
    )
    return HttpResponse(answer, content_type="application/json")


embeddings = endpoint(POST=_embed, problems=PROBLEMS)
