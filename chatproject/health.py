"""`GET /health` (C-6): 200 always, and what is wrong in the body."""

import asyncio
import datetime as dt
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from django.http import HttpRequest, HttpResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.endpoints import endpoint
from api.openapi import documented
from api.responses import Answer, json_response
from chatproject.metrics import METRICS
from conversations.turns.service import query
from providers.checks import probe

PATIENCE_SECONDS = 2.0
OLLAMA_PATIENCE_SECONDS = 5.0


class HealthJson(Answer):
    status: str
    ok: bool
    uptime_seconds: float
    requests_total: int
    responses_total: int
    errors_total: int
    timestamp: dt.datetime
    checks: dict[str, str]


class OllamaHealthJson(HealthJson):
    """Where `OLLAMA_URL` is set."""

    ollama: str


@documented(operation_id="get_health", responses={200: HealthJson})
async def _health(request: HttpRequest) -> HttpResponse:
    """What the server can reach, and how much it has done."""
    database, redis, ollama = await asyncio.gather(_database(), _redis(), _ollama())
    checks = {"database": database}
    if redis is not None:
        checks["redis"] = redis
    if ollama is not None:
        checks["ollama"] = "ok" if ollama == "connected" else ollama
    fields = _fields(checks)
    if ollama is not None:
        return json_response(OllamaHealthJson(**fields, ollama=ollama))
    return json_response(HealthJson(**fields))


health = endpoint(GET=_health, HEAD=_health)


def _fields(checks: dict[str, str]) -> dict[str, Any]:
    is_ok = all(state == "ok" for state in checks.values())
    return {
        "status": "ok" if is_ok else "degraded",
        "ok": is_ok,
        "uptime_seconds": round(METRICS.uptime_seconds, 3),
        "requests_total": METRICS.requests,
        "responses_total": METRICS.responses,
        "errors_total": METRICS.errors,
        "timestamp": dt.datetime.now(dt.UTC),
        "checks": checks,
    }


async def _database() -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await query(_select_one)
    except TimeoutError:
        return "no answer in time"
    except DatabaseFault:
        return "unavailable"
    return "ok"


def _select_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _redis() -> str | None:
    """None where Redis is not used."""
    if settings.REDIS_URL is None:
        return None
    client: Redis = Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE_SECONDS)
    try:
        await client.ping()
    except (RedisError, OSError):
        return "unavailable"
    finally:
        await client.aclose()
    return "ok"


async def _ollama() -> str | None:
    """None where Ollama is not used."""
    if settings.OLLAMA_URL is None:
        return None
    return await probe(settings.OLLAMA_URL, OLLAMA_PATIENCE_SECONDS)
