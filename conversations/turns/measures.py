"""What turns leave in the metrics: how they ended, how soon they spoke, what they cost."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram

from conversations.models import Turn
from conversations.turns.closing import Closing
from conversations.turns.events import TurnCompleted

_NOBODY = "none"
# OpenAI's names, which all providers' usage comes under.
_TOKEN_KINDS = {"prompt": "prompt_tokens", "completion": "completion_tokens"}
# A count beyond this is a provider's mistake, and would spoil the sum for good.
_MOST_TOKENS = 100_000_000

_ended = Counter(
    "parley_turns_total", "Turns that are over, and how they ended.", ["provider", "outcome"]
)
_tokens = Counter(
    "parley_tokens_total", "Tokens, as the providers count them.", ["provider", "kind"]
)
_first_text = Histogram(
    "parley_turn_first_text_seconds",
    "From the start of a turn's first attempt to its first text.",
    ["provider"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 13, 20, 30, 60),
)
_running = Gauge(
    "parley_turns_running", "Turns that are being answered.", multiprocess_mode="livesum"
)
_followers = Gauge(
    "parley_followers", "Readers of turns, on all connections.", multiprocess_mode="livesum"
)
_flush = Histogram(
    "parley_log_flush_seconds",
    "How long it takes to store what is new of all running turns.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
# The workers' files outlive them: whoever gets a dead one's number begins at its last count.
_running.set(0)
_followers.set(0)


def turn_ended(closing: Closing) -> None:
    """Count the end of a turn under the provider that was asked last."""
    if not settings.METRICS_ENABLED:
        return
    attempts = closing.attempts
    provider = attempts[-1].ask.provider if attempts else _NOBODY
    _ended.labels(provider, closing.status.value).inc()
    for attempt in attempts:
        if attempt.first_text_at is not None:
            waited = (attempt.first_text_at - attempts[0].started_at).total_seconds()
            _first_text.labels(attempt.ask.provider).observe(max(0.0, waited))
            break
    if isinstance(closing.end, TurnCompleted):
        _count_tokens(provider, closing.end.usage or {})


def turns_reaped(providers: Iterable[str]) -> None:
    """Count turns whose worker died, one for each name."""
    if settings.METRICS_ENABLED:
        for provider in providers:
            _ended.labels(provider, Turn.Status.INTERRUPTED.value).inc()


def turns_running(number: int) -> None:
    """How many run in this process."""
    if settings.METRICS_ENABLED:
        _running.set(number)


def follower_came() -> None:
    if settings.METRICS_ENABLED:
        _followers.inc()


def follower_left() -> None:
    if settings.METRICS_ENABLED:
        _followers.dec()


def flushed(seconds: float) -> None:
    """A flush is over, whether it went well or not."""
    if settings.METRICS_ENABLED:
        _flush.observe(seconds)


def _count_tokens(provider: str, usage: dict[str, Any]) -> None:
    for kind, name in _TOKEN_KINDS.items():
        count = usage.get(name)
        if isinstance(count, int) and 0 < count <= _MOST_TOKENS:
            _tokens.labels(provider, kind).inc(count)
