"""`GET /health` (C-6): 200 always, and what is wrong in the body."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse

from api.endpoints import endpoint
from api.openapi import documented
from api.responses import Answer, json_response
from chatproject.health_checks import checks
from chatproject.metrics_collected import counts


class HealthJson(Answer):
    status: str
    ok: bool
    uptime_seconds: float
    requests_total: int
    responses_total: int
    errors_total: int
    timestamp: dt.datetime
    checks: dict[str, str]
    providers: dict[str, str]
    search: dict[str, Any]


class OllamaHealthJson(HealthJson):
    """Where `OLLAMA_URL` is set."""

    ollama: str


@documented(operation_id="get_health", responses={200: HealthJson})
async def _health(request: HttpRequest) -> HttpResponse:
    """What the server can reach, and how much it has done."""
    found = await checks().found()
    ollama = found.get("ollama")
    if ollama is None:
        return json_response(HealthJson(**await _fields(found)))
    found["ollama"] = "ok" if ollama == "connected" else ollama
    return json_response(OllamaHealthJson(**await _fields(found), ollama=ollama))


health = endpoint(GET=_health, HEAD=_health)


async def _fields(found: dict[str, str]) -> dict[str, Any]:
    is_ok = all(state == "ok" for state in found.values())
    read = await counts()
    return {
        "status": "ok" if is_ok else "degraded",
        "ok": is_ok,
        "uptime_seconds": read.uptime_seconds,
        "requests_total": read.requests,
        "responses_total": read.responses,
        "errors_total": read.errors,
        "timestamp": dt.datetime.now(dt.UTC),
        "checks": found,
        "providers": checks().providers.found(),
        "search": await checks().search.found(),
    }
