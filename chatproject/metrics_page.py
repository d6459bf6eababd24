"""`GET /metrics` (C-6.6), as JSON and in Prometheus's text format."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import MediaType
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from api.endpoints import endpoint
from api.errors import ResourceNotFound
from api.openapi import documented, refusals
from api.responses import Answer, json_response
from chatproject.metrics_collected import exposition, totals

_TEXT = {("text", "plain"), ("application", "openmetrics-text")}
_JSON = {("application", "json"), ("*", "*")}


class MetricsJson(Answer):
    requests_total: int
    responses_total: int
    errors_total: int
    requests_by_method: dict[str, int]
    responses_by_status: dict[str, int]
    request_latency_avg_ms: float
    uptime_seconds: float


@documented(
    operation_id="get_metrics",
    parameters=[OpenApiParameter("format", str, description="`prometheus` for its text format.")],
    responses={
        (200, "application/json"): MetricsJson,
        (200, "text/plain"): OpenApiTypes.STR,
        **refusals(404),
    },
)
async def _metrics(request: HttpRequest) -> HttpResponse:
    """What the server has done since it started; of several workers, all of them."""
    if not settings.METRICS_ENABLED:
        raise ResourceNotFound
    if _wants_text(request):
        return HttpResponse(await exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    read = await totals()
    return json_response(
        MetricsJson(
            requests_total=read.requests,
            responses_total=read.responses,
            errors_total=read.errors,
            requests_by_method=read.by_method,
            responses_by_status=read.by_status,
            request_latency_avg_ms=read.latency_avg_ms,
            uptime_seconds=read.uptime_seconds,
        )
    )


metrics = endpoint(GET=_metrics, HEAD=_metrics)


def _wants_text(request: HttpRequest) -> bool:
    """Whether the text comes before JSON, by quality and then as they are listed."""
    if request.GET.get("format") == "prometheus":
        return True
    try:
        asked = [MediaType(item) for item in request.headers.get("Accept", "").split(",")]
    except (LookupError, ValueError):
        # Of a charset that nobody knows, in a parameter of RFC 2231.
        return False
    for media in sorted(asked, key=lambda media: -media.quality):
        kind = (media.main_type.lower(), media.sub_type.lower())
        if media.quality and kind in _TEXT | _JSON:
            return kind in _TEXT
    return False
