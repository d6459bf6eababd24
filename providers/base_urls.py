"""The address of a provider as an administrator types it: checked, and in one spelling."""

import re
import socket
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

import idna

from providers.addresses import Reach
from providers.errors import BadBaseUrl

_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]*")
_LONGEST = 500


def normalised(text: str) -> str:
    """The address without what two readers could understand differently; raises BadBaseUrl.

    Nothing is looked up: see `require_reachable`.
    """
    parts = _parts(text.strip())
    host = _host(parts.hostname or "")
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{shown}{port}{parts.path.rstrip('/')}"


def require_reachable(url: str, reach: Reach) -> None:
    """Look the host of a normalised address up; raises BadBaseUrl unless all of it is allowed."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadBaseUrl("The host of this address is not known here.") from error
    if not all(reach.permits(str(sockaddr[0])) for *_, sockaddr in found):
        raise BadBaseUrl(
            "The host of this address is in a private network. Name that network in"
            " PROVIDER_PRIVATE_NETWORKS if providers may be there."
        )


def origin(url: str) -> str:
    """Scheme, host and port: who gets what is sent there."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _parts(text: str) -> SplitResult:
    # urlsplit drops tabs and line ends without a word, and others read a backslash as a slash.
    if len(text) > _LONGEST or not text.isprintable() or any(c in text for c in " \\"):
        raise BadBaseUrl("Write the address in one piece, such as https://models.example.org/v1.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise BadBaseUrl("This is not an address.") from error
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise BadBaseUrl("The address must start with http:// or https:// and name a host.")
    if "@" in parts.netloc:
        raise BadBaseUrl("Leave user name and password out of the address.")
    if "[" in parts.netloc and ":" not in parts.hostname:
        raise BadBaseUrl("The host of this address is not an IP address.")
    if "?" in text or "#" in text:
        raise BadBaseUrl("The address ends with its path: no ? and no #.")
    if not _PATH.fullmatch(parts.path) or _climbs(parts.path):
        raise BadBaseUrl("The path of the address has characters that are not allowed there.")
    return parts


def _climbs(path: str) -> bool:
    return any(segment in (".", "..") for segment in path.lower().replace("%2e", ".").split("/"))


def _host(written: str) -> str:
    if ":" in written:
        return _ipv6(written)
    host = _ascii(written).removesuffix(".")
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise BadBaseUrl("The host of this address is not a host name.")
    # https://url.spec.whatwg.org/#ends-in-a-number-checker: 2130706433 and 0x7f.1 are 127.0.0.1.
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(host)
    return host


def _ascii(written: str) -> str:
    if written.isascii():
        return written.lower()
    try:
        return idna.encode(written, uts46=True).decode().lower()
    except idna.IDNAError as error:
        raise BadBaseUrl("The host of this address is not a host name.") from error


def _ipv4(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError as error:
        raise BadBaseUrl("Write an IP address as four decimal numbers.") from error


def _ipv6(written: str) -> str:
    try:
        address = IPv6Address(written)
    except ValueError as error:
        raise BadBaseUrl("The host of this address is not an IP address.") from error
    if address.scope_id is not None:
        raise BadBaseUrl("An IP address with a zone means something on one machine only.")
    return str(address)
