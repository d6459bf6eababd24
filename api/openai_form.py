"""Errors as OpenAI's clients read them: everything below `/v1` (contracts/openai-v1.md O-2)."""

from collections.abc import Mapping
from typing import Any

_RATE_LIMIT = 429
_SERVER = 500
_UNAUTHORIZED = 401
# Of the other APIs' codes those that say no more than the status does.
_PLAIN = {"validation_error", "provider_error", "internal_error"}


def speaks_openai(path: str) -> bool:
    return path == "/v1" or path.startswith("/v1/")


def openai_error(
    status: int, code: str | None, message: str, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The whole body; `param` is the field of the request that the first fault is in."""
    if status == _UNAUTHORIZED:
        code = "invalid_api_key"
    return {
        "error": {
            "message": message,
            "type": _type(status),
            "param": _param(details or {}),
            "code": None if code in _PLAIN else code,
        }
    }


def _type(status: int) -> str:
    if status == _RATE_LIMIT:
        return "rate_limit_error"
    return "api_error" if status >= _SERVER else "invalid_request_error"


def _param(details: Mapping[str, Any]) -> str | None:
    location = [place for fault in details.get("errors", ())[:1] for place in fault["loc"]]
    return str(location[0]) if location else None
