"""How far the indexes are, for `/health`."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from search.indexing.process import troubles
from search.meaning import why_not_ready
from search.outbox import Lane, backlog


@dataclass(frozen=True, slots=True)
class State:
    """`status` is ok, degraded or off; `reason` says in words why it is degraded."""

    status: str
    reason: str = ""
    pending: Mapping[str, int] | None = None
    set_aside: int = 0
    lag_seconds: float = 0.0


def state() -> State:
    """Looks into the database; raises what that says."""
    if not settings.CHAT_SEARCH_ENABLED:
        return State("off")
    backlogs = {lane: backlog(lane) for lane in Lane}
    reason = next(iter(troubles().values()), "") or why_not_ready()
    return State(
        status="degraded" if reason else "ok",
        reason=reason,
        pending={lane.value: known.pending for lane, known in backlogs.items()},
        set_aside=sum(known.set_aside for known in backlogs.values()),
        lag_seconds=round(max(known.lag for known in backlogs.values()), 3),
    )
