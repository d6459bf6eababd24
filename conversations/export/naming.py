"""The name of an exported file: safe in a header, and on the disk that it is saved to."""

import re
import unicodedata
from urllib.parse import quote
from uuid import UUID

LONGEST = 100
# Most file systems take 255 bytes of name.
_MOST_BYTES = 200
_JOINERS = "\u200c\u200d"
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_FORBIDDEN = re.compile(r'[\\/:*?"<>|%\s]+')
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def disposition_of(title: str | None, thread_id: UUID, extension: str) -> str:
    """The value of `Content-Disposition` (RFC 6266, RFC 8187)."""
    plain, full = filename_of(title, thread_id, extension)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(full, safe='')}"


def filename_of(title: str | None, thread_id: UUID, extension: str) -> tuple[str, str]:
    """An ASCII name and a UTF-8 name, both with the extension, of at most 100 characters."""
    fallback = f"thread-{thread_id}"
    room = LONGEST - len(extension) - 1
    full = _cut(_visible(title or ""), room)
    decomposed = unicodedata.normalize("NFKD", full).encode("ascii", "ignore").decode()
    plain = _cut(_NOT_PLAIN.sub(" ", decomposed).replace(" ", "-"), room)
    names = [name if _usable(name) else fallback for name in (plain, full)]
    return f"{names[0]}.{extension}", f"{names[1]}.{extension}"


def _visible(title: str) -> str:
    composed = unicodedata.normalize("NFC", title)
    shown = (
        character
        if character in _JOINERS or not unicodedata.category(character).startswith("C")
        else " "
        for character in composed
    )
    return _FORBIDDEN.sub(" ", "".join(shown))


def _cut(name: str, room: int) -> str:
    short = name.strip(" .-")[:room].encode()[:_MOST_BYTES].decode("utf-8", "ignore")
    return short.strip(" .-" + _JOINERS)


def _usable(name: str) -> bool:
    return any(character.isalnum() for character in name) and not _RESERVED.fullmatch(name)
