"""Which addresses an answer may point to."""

import re
from urllib.parse import urlsplit

_ALLOWED = re.compile(r"(?:https?://[^/?#\s\\]|mailto:[^\s])", re.IGNORECASE)
_LONGEST = 2048
_BARE = re.compile(r"(?<![\w/])https?://[^\s<>\"'`|\\^{}]{4,2000}", re.IGNORECASE)
_TRAILING = ".,;:!?*_~"


def is_allowed(url: str) -> bool:
    """Absolute http, https and mailto only: a relative link would act inside this site."""
    return len(url) <= _LONGEST and bool(_ALLOWED.match(url)) and url.isprintable()


def image_host(url: str) -> str | None:
    """The host that would learn of the reader if the image were shown; None: not to be offered."""
    if not is_allowed(url):
        return None
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme == "https" else None
    except ValueError:
        return None


def bare_urls(text: str) -> list[tuple[int, int]]:
    """Where addresses are written out in running text, without the punctuation behind them."""
    if "://" not in text:
        return []
    return [(match.start(), _end(match[0], match.start())) for match in _BARE.finditer(text)]


def _end(url: str, start: int) -> int:
    url = url.rstrip(_TRAILING)
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(_TRAILING)
    return start + len(url)
