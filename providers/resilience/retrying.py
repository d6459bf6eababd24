"""Whether a fault may pass by itself, and how long to wait for that."""

import random

from providers.errors import (
    AnswerCut,
    AnswerUnreadable,
    ProviderFault,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0
_PASSING = {408, 425, 429, 500, 502, 503, 504, 529}
# Where the server itself is in trouble, and not with this one request.
_DOWN = {502, 503, 504, 529}


def pause_before(retry: int, fault: ProviderFault) -> float | None:
    """Seconds to wait before the retry with this number, the first being 1.

    None where there is no point: the fault would come again, has taken all the time there was, or
    the provider wants to be left alone for longer than anybody waits.
    """
    if not _may_pass(fault):
        return None
    wanted = fault.retry_after if isinstance(fault, ProviderRefused) else None
    if wanted is not None and wanted > _LONGEST_PAUSE:
        return None
    # https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("equal jitter")
    backoff = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (retry - 1))
    return max(wanted or 0.0, backoff / 2 + random.uniform(0, backoff / 2))


def is_down(fault: ProviderFault) -> bool:
    """Whether the fault says of the provider that nobody should ask it now."""
    if isinstance(fault, ProviderRefused):
        return fault.status in _DOWN
    return isinstance(fault, ProviderUnavailable | ProviderTimeout)


def _may_pass(fault: ProviderFault) -> bool:
    if isinstance(fault, ProviderRefused):
        return fault.status in _PASSING
    return isinstance(fault, ProviderUnavailable | AnswerCut | AnswerUnreadable)
