"""The database's settings from its address."""

from typing import Any, cast

import dj_database_url

# After an outage the pool tries again at ever longer intervals, until it gives up and starts
# anew at the next request: a short patience with itself makes it come back sooner.
_POOL = {"min_size": 1, "max_size": 10, "timeout": 5, "reconnect_timeout": 3}


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings for one database; connections are per request, from a pool if any."""
    settings = cast(dict[str, Any], dj_database_url.parse(url, conn_max_age=0))
    options = settings.setdefault("OPTIONS", {})
    if settings["ENGINE"].endswith("sqlite3"):
        options |= {
            # Writers queue for the lock at the start, instead of failing at the first write.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    else:
        options |= {"pool": _POOL, "connect_timeout": 5}
        # The pool hands out no connection that the server has closed.
        settings["CONN_HEALTH_CHECKS"] = True
    return settings
