"""What search leaves in the metrics: how far the indexes are behind, and how searching goes."""

from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram

from search.outbox import Backlog, Lane

# All workers see the same outbox: whoever looked last knows best.
_pending = Gauge(
    "parley_search_pending", "Changes to be indexed.", ["lane"], multiprocess_mode="mostrecent"
)
_set_aside = Gauge(
    "parley_search_set_aside",
    "Changes that could not be indexed and wait for a person.",
    ["lane"],
    multiprocess_mode="mostrecent",
)
_lag = Gauge(
    "parley_search_lag_seconds",
    "Age of the oldest change that is to be indexed.",
    ["lane"],
    multiprocess_mode="mostrecent",
)
_indexed = Counter("parley_search_indexed_total", "Changes that were indexed.", ["lane"])
_took = Histogram(
    "parley_search_seconds",
    "How long searches took.",
    ["mode"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


def behind(lane: Lane, backlog: Backlog) -> None:
    if settings.METRICS_ENABLED:
        _pending.labels(lane.value).set(backlog.pending)
        _set_aside.labels(lane.value).set(backlog.set_aside)
        _lag.labels(lane.value).set(backlog.lag)


def indexed(lane: Lane, number: int) -> None:
    if settings.METRICS_ENABLED:
        _indexed.labels(lane.value).inc(number)


def searched(mode: str, seconds: float) -> None:
    if settings.METRICS_ENABLED:
        _took.labels(mode).observe(seconds)
