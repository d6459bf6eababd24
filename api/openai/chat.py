"""`POST /v1/chat/completions`: one answer, of which nothing is kept."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes

from api.endpoints import endpoint
from api.fallbacks import asked_fallbacks
from api.openai.asking import ask
from api.openai.callers import calling
from api.openai.chunks import ChunkEncoder
from api.openai.completion import whole
from api.openai.documents import OBJECT_OR_STREAM, refusals
from api.openai.problems import PROBLEMS
from api.openai.questions import question_of
from api.openai.relay import streamed
from api.openapi import documented


@documented(
    operation_id="create_chat_completion",
    request=OpenApiTypes.OBJECT,
    responses={**OBJECT_OR_STREAM, **refusals(400, 401, 403, 404, 422, 429, 502, 503)},
)
async def _complete(request: HttpRequest) -> HttpResponseBase:
    """Answer a list of messages, whole or as a stream."""
    caller = await calling(request)
    question = question_of(request)
    steps = await ask(caller, question, asked_fallbacks(request), keep_raw=True)
    if question.streams:
        return await streamed(steps, ChunkEncoder(wants_usage=question.wants_usage))
    return HttpResponse(await whole(steps), content_type="application/json")


completions = endpoint(POST=_complete, problems=PROBLEMS)
