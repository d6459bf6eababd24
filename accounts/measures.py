"""What the rate limit leaves in the metrics."""

from django.conf import settings
from prometheus_client import Counter, disable_created_metrics

# The files that workers share do not hold when a series began: it is left out everywhere.
disable_created_metrics()  # type: ignore[no-untyped-call]

_alone = Counter(
    "parley_rate_limit_alone_total",
    "Requests that one process charged in its own memory, because Redis did not answer in time.",
)


def charged_alone() -> None:
    """A request is counted by what this process knows, and not by what all of them do."""
    if settings.METRICS_ENABLED:
        _alone.inc()
