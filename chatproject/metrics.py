"""What the process has counted since it started."""

import time
from dataclasses import dataclass, field

from django.conf import settings

# Not API: probes, pages, and their parts (C-6.5).
_NOT_COUNTED = ("/health", "/metrics", "/static/", "/admin", "/docs", "/redoc", "/openapi.json")


@dataclass(slots=True)
class Metrics:
    """Totals of the API's requests; a request counts when its answer is over."""

    started_at: float = field(default_factory=time.monotonic)
    requests: int = 0
    responses: int = 0
    errors: int = 0

    @property
    def uptime_seconds(self) -> float:
        return time.monotonic() - self.started_at

    def count(self, path: str, status: int) -> None:
        """`status` is 0 where the client left before there was an answer."""
        is_counted = settings.METRICS_ENABLED and path != "/"
        if not is_counted or path.startswith(_NOT_COUNTED):
            return
        self.requests += 1
        self.responses += status > 0
        self.errors += status >= 500


METRICS = Metrics()
