"""What a provider says went wrong, from any of the shapes of error body in use."""

import datetime as dt
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

_LONGEST_WAIT = 86_400.0


def error_text(parsed: Any) -> str | None:
    """`{"error": {"message"}}`, `{"error": text}`, `{"message"}` or `{"detail"}`."""
    found = _first(parsed)
    error = found.get("error")
    inner = error.get("message") if isinstance(error, dict) else None
    for text in (inner, error, found.get("message"), found.get("detail")):
        if isinstance(text, str) and text.strip():
            return text.strip()
    return None


def error_code(parsed: Any) -> str | None:
    """The provider's own word for the error."""
    found = _first(parsed)
    error = found.get("error")
    code = error.get("code") if isinstance(error, dict) else found.get("code")
    return None if code is None else str(code)


def retry_after(header: str | None) -> float | None:
    """Seconds from a `Retry-After`, which holds a number or a date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    with suppress(ValueError):
        seconds = float(header)
        return seconds if 0 <= seconds < _LONGEST_WAIT else None
    try:
        wanted = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=dt.UTC)
    return max(0.0, (wanted - dt.datetime.now(dt.UTC)).total_seconds())


def decoded(body: bytes) -> Any:
    """The JSON value, or None where there is none."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None


def _first(parsed: Any) -> dict[str, Any]:
    # Google wraps the error in a list.
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]
    return parsed if isinstance(parsed, dict) else {}
