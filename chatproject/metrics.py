"""What the process counts of its requests."""

import time

from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from chatproject.asgi_types import Scope

# The files that workers share do not hold when a series began: it is left out everywhere.
disable_created_metrics()  # type: ignore[no-untyped-call]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OTHER = "OTHER"
_UNMATCHED = "unmatched"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Totals of the API's requests (C-6.5), in prometheus-client's registry.

    A request is counted when its answer begins, so that a client finds itself counted.
    """

    def __init__(self) -> None:
        self._requests = Counter("parley_http_requests_total", "API requests.", ["method"])
        self._responses = Counter(
            "parley_http_responses_total", "API responses that began.", ["status"]
        )
        self._errors = Counter("parley_http_errors_total", "API responses of 500 and above.")
        self._latency = Histogram(
            "parley_http_response_start_seconds",
            "From an API request to the first byte of its response.",
            ["method", "route"],
            buckets=_BUCKETS,
        )
        self._refusals = Counter(
            "parley_rate_limit_refusals_total", "Requests that the rate limit refused."
        )
        self._started = Gauge(
            "parley_start_time_seconds",
            "When the server began, in seconds since 1970; of several workers the oldest.",
            multiprocess_mode="livemin",
        )
        self._started.set(time.time())
        # A total that is zero is still a total.
        for method in _METHODS:
            self._requests.labels(method)
        self._responses.labels("200")

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """An answer that begins; `status` is 0 where the client left before there was one."""
        if not settings.METRICS_ENABLED or not scope.get("is_api"):
            return
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
        self._requests.labels(method).inc()
        if not status:
            return
        self._responses.labels(str(status)).inc()
        if status >= 500:
            self._errors.inc()
        # The pattern and never the path: what a client can invent is no label.
        match = scope.get("url_match")
        self._latency.labels(method, match.route if match else _UNMATCHED).observe(seconds)

    def refused(self) -> None:
        """The rate limit has refused a request."""
        if settings.METRICS_ENABLED:
            self._refusals.inc()


METRICS = Metrics()
