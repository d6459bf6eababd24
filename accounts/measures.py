"""What the rate limit and the budgets leave in the metrics."""

from django.conf import settings
from prometheus_client import Counter

_alone = Counter(
    "parley_rate_limit_alone_total",
    "Requests that one process charged in its own memory, because Redis did not answer in time.",
)

_passed = Counter(
    "parley_budget_refusals_total",
    "Questions that a budget did not hold; those of a shadow were asked all the same.",
    ["shadow"],
)


def charged_alone() -> None:
    """A request is counted by what this process knows, and not by what all of them do."""
    if settings.METRICS_ENABLED:
        _alone.inc()


def budget_passed(*, shadow: bool) -> None:
    """A budget does not hold a question, or would not."""
    if settings.METRICS_ENABLED:
        _passed.labels(str(shadow).lower()).inc()
