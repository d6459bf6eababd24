"""`GET /health/live` and `GET /health/ready`: for what starts servers and sends them clients."""

from django.http import HttpRequest, HttpResponse

from api.endpoints import endpoint
from api.openapi import documented
from api.responses import Answer, json_response
from chatproject.health_checks import OK, checks
from conversations.turns.service import engine


class LiveJson(Answer):
    status: str


class NotReadyJson(LiveJson):
    checks: dict[str, str]


@documented(operation_id="get_liveness", responses={200: LiveJson})
async def _live(request: HttpRequest) -> HttpResponse:
    """Whether the process answers at all, whatever it can reach."""
    return json_response(LiveJson(status="ok"))


@documented(operation_id="get_readiness", responses={200: LiveJson, 503: NotReadyJson})
async def _ready(request: HttpRequest) -> HttpResponse:
    """Whether clients may be sent here: the database answers, and the process is to stay."""
    found = {
        "database": await checks().database(),
        "turns": "draining" if engine().is_draining else OK,
    }
    if all(state == OK for state in found.values()):
        return json_response(LiveJson(status="ready"))
    return json_response(NotReadyJson(status="not ready", checks=found), status=503)


live = endpoint(GET=_live, HEAD=_live)
ready = endpoint(GET=_ready, HEAD=_ready)
