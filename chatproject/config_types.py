"""What a setting may hold: each type reads text, and says what is allowed when it cannot."""

import functools
import json
import math
import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, PlainValidator

from accounts.networks import unmapped
from providers.entry_points import installed_names
from providers.registry import normalise
from providers.toolbox import ToolServerSpec, tool_server_spec

PROVIDERS = (
    "openai",
    "openrouter",
    "openai-compatible",
    "ollama",
    "anthropic",
    "gemini",
    "mcp",
    "demo",
)

SHORTEST_KEY = 32

_ON = ("true", "1", "yes", "on")
_OFF = ("false", "0", "no", "off")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")


def whole(least: int, most: float = math.inf) -> PlainValidator:
    """A whole number in decimal, with both bounds allowed."""
    bounds = f", {least} or more" if most == math.inf else f" from {least} to {most}"

    def parse(value: object) -> int:
        text = str(value).strip()
        if _WHOLE.fullmatch(text) is None or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number{bounds}")
        return int(text)

    return PlainValidator(parse)


def number(allowed: str, accepts: Callable[[float], bool]) -> PlainValidator:
    """A finite number in plain decimal, without an exponent."""

    def parse(value: object) -> float:
        text = str(value).strip()
        found = float(text) if _DECIMAL.fullmatch(text) else math.nan
        if not math.isfinite(found) or not accepts(found):
            raise ValueError(f"must be a decimal number {allowed}")
        return found

    return PlainValidator(parse)


def one_of(*words: str, fold: Callable[[str], str] = str) -> PlainValidator:
    """One of a few words; `fold` says which spellings are the same."""

    def parse(value: object) -> str:
        text = fold(str(value).strip())
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return PlainValidator(parse)


def url(*schemes: str) -> PlainValidator:
    """An address with one of these schemes and a host, kept as it is written."""
    return PlainValidator(functools.partial(_address, schemes))


def _address(schemes: tuple[str, ...], value: object) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in schemes or not parts.hostname:
        starts = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ValueError(f"must be an address with a host, starting with {starts}")
    return str(value).strip()


def _split(value: object) -> SplitResult | None:
    """The parts of an address; None for what cannot be one."""
    text = value.strip() if isinstance(value, str) else " "
    if " " in text or not text.isprintable() or "://" not in text:
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _text(value: object) -> str:
    if not isinstance(value, str) or not _encodable(value):
        raise ValueError("must be one text in UTF-8")
    return value


def _encodable(text: str) -> bool:
    # The interpreter keeps bytes of the environment that are not UTF-8 as lone surrogates.
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _line(value: object) -> str:
    text = _text(value).strip()
    if any(character in text for character in "\r\n\0"):
        raise ValueError("must be one line of text")
    return text


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(_line(value))


def _flag(value: object) -> bool:
    text = str(value).strip().lower()
    if text not in _ON + _OFF:
        raise ValueError("must be true or false (also 1, 0, yes, no, on, off)")
    return text in _ON


def _prefix(value: object) -> str:
    text = str(value).strip()
    if not text.startswith("/") or _PREFIX.fullmatch(text) is None:
        raise ValueError("must be a path that starts with /, such as /api")
    return text.rstrip("/")


def _host(value: object) -> str:
    text = str(value).strip()
    if _HOST.fullmatch(text) is None and not _is_ipv6(text):
        raise ValueError("must be a host name or an IP address, without scheme or port")
    return text


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _provider(value: object) -> str:
    name = normalise(str(value))
    known = (*PROVIDERS, *installed_names())
    if name not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return name


def _database(value: object) -> str:
    """The address without its driver suffix, which means nothing to Django."""
    parts = _split(value)
    scheme, _, _ = parts.scheme.partition("+") if parts else ("", "", "")
    if parts is None or not _names_a_database(scheme, parts):
        raise ValueError(
            "must be sqlite:///relative/path, sqlite:////absolute/path"
            " or postgresql://user:password@host:port/name"
        )
    return f"{scheme}://{str(value).strip().partition('://')[2]}"


def _names_a_database(scheme: str, parts: SplitResult) -> bool:
    if scheme == "sqlite":
        return not parts.netloc and len(parts.path) > 1
    return scheme in ("postgresql", "postgres") and bool(parts.hostname)


def _items(value: object) -> tuple[str, ...]:
    listed = _listed(value) if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not all(_is_item(item) for item in listed):
        raise ValueError("must be a comma-separated list or a JSON list of texts")
    return tuple(item.strip() for item in listed if item and item.strip())


def _listed(text: str) -> object:
    if not text.lstrip().startswith("["):
        return text.split(",")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_item(value: object) -> bool:
    return value is None or isinstance(value, str)


def _origins(value: object) -> tuple[str, ...]:
    return tuple(_origin(item) for item in _items(value))


def _origin(text: str) -> str:
    """An origin as browsers send it: lower case, no trailing slash."""
    if text in ("*", "null"):
        return text
    parts = _split(text)
    origin = text.lower().rstrip("/")
    if parts is None or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc.lower()}":
        raise ValueError("must be * or a list of origins such as https://chat.example.org")
    return origin


def _networks(value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(unmapped(ip_network(item, strict=False)) for item in _items(value))
    except ValueError as error:
        raise ValueError("must be a list of IP addresses and blocks such as 10.0.0.0/8") from error


def _tool_servers(value: object) -> tuple[ToolServerSpec, ...]:
    """A mapping from names to addresses, or to what `tool_server_spec` takes."""
    example = '{"files": "http://127.0.0.1:9000/mcp"}'
    try:
        servers = json.loads(value) if isinstance(value, str) else value or {}
    except ValueError as error:
        raise ValueError(f"must be a JSON object such as {example}") from error
    if not isinstance(servers, Mapping):
        raise ValueError(f"must be a mapping from names to addresses such as {example}")
    specs = tuple(tool_server_spec(str(name), fields) for name, fields in servers.items())
    for spec in specs:
        _address(("http", "https"), spec.url)
    return specs


def _fallbacks(value: object) -> tuple[str, ...]:
    """Each `provider` or `provider/model`."""
    for item in (items := _items(value)):
        _provider(item.partition("/")[0])
    return items


def _any_networks(value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    if _items(value) == ("*",):
        return (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
    try:
        return _networks(value)
    except ValueError as error:
        raise ValueError("must be * or a list of networks such as 10.0.0.0/8") from error


def _long_secrets(value: object) -> tuple[str, ...]:
    secrets = _items(value)
    if any(len(secret) < SHORTEST_KEY for secret in secrets):
        raise ValueError(
            f"must be a list of keys of {SHORTEST_KEY} characters or more, the newest first"
        )
    return secrets


Text = Annotated[str, PlainValidator(_text)]
Line = Annotated[str, PlainValidator(_line)]
FilePath = Annotated[Path, PlainValidator(_path)]
Flag = Annotated[bool, PlainValidator(_flag)]
AtLeastOne = Annotated[int, whole(1)]
Count = Annotated[int, whole(0)]
Port = Annotated[int, whole(1, 65535)]
AboveZero = Annotated[float, number("above 0", lambda found: found > 0)]
ZeroOrMore = Annotated[float, number("of 0 or more", lambda found: found >= 0)]
Share = Annotated[float, number("from 0 to 1", lambda found: 0 <= found <= 1)]
HttpUrl = Annotated[str, url("http", "https")]
Host = Annotated[str, PlainValidator(_host)]
Prefix = Annotated[str, PlainValidator(_prefix)]
ProviderName = Annotated[str, PlainValidator(_provider)]
Origins = Annotated[tuple[str, ...], PlainValidator(_origins)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], PlainValidator(_networks)]
ToolServers = Annotated[
    tuple[ToolServerSpec, ...], PlainValidator(_tool_servers), Field(repr=False)
]
Fallbacks = Annotated[tuple[str, ...], PlainValidator(_fallbacks)]
AnyNetworks = Annotated[tuple[IPv4Network | IPv6Network, ...], PlainValidator(_any_networks)]
LongSecrets = Annotated[tuple[str, ...], PlainValidator(_long_secrets), Field(repr=False)]
LogLevel = Annotated[str, one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", fold=str.upper)]
Scheme = Annotated[str, one_of("http", "https")]
Algorithm = Annotated[str, one_of("HS256", "HS384", "HS512")]

Secret = Annotated[Line | None, Field(repr=False)]
PrivateUrl = Annotated[HttpUrl | None, Field(repr=False)]
RedisUrl = Annotated[Annotated[str, url("redis", "rediss")] | None, Field(repr=False)]
DatabaseUrl = Annotated[Annotated[str, PlainValidator(_database)] | None, Field(repr=False)]
