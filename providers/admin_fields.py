"""What the form of a provider asks for beside plain fields: secrets, and lists of words."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from providers.errors import SecretUnreadable
from providers.models import ProviderConfig, ToolServer
from providers.rows import headers_of
from providers.secrets import unsealed

_HEADER = re.compile(
    r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]*:[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)"
)
_OUR_OWN = frozenset(
    (
        *("accept-encoding", "connection", "content-length", "content-type", "expect", "host"),
        *("keep-alive", "te", "trailer", "transfer-encoding", "upgrade"),
    )
)
_MOST_HEADERS = 20
_SHOWN = 4
_LONG_ENOUGH_TO_SHOW = 20


class KeyField(forms.CharField):
    """What is typed is sent once, and never shown again."""

    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})

    def clean(self, value: Any) -> str:
        key: str = super().clean(value)
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValidationError("A key has no spaces, and only letters, digits and signs.")
        return key


class _Blank(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    def format_value(self, value: Any) -> str:
        return ""


class HeadersField(forms.CharField):
    """Lines of `Name: value`; the value is a dictionary, and is not shown again either."""

    widget = _Blank(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})

    def clean(self, value: Any) -> dict[str, str]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > _MOST_HEADERS:
            raise ValidationError(f"No more than {_MOST_HEADERS} headers.")
        return dict(_header(number, line) for number, line in enumerate(lines, start=1))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((data or "").strip())


class ListField(forms.CharField):
    """Words between commas; the value is a list without repetitions."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        if isinstance(value, list):
            return value
        words = (word.strip() for word in (super().to_python(value) or "").split(","))
        return list(dict.fromkeys(word for word in words if word))


def key_in_words(row: ProviderConfig | ToolServer) -> str:
    """That there is a key, and how it ends where that gives little away."""
    try:
        key = unsealed(row.sealed_key)
    except SecretUnreadable:
        return "Set, but cannot be decrypted: enter it again"
    if not key:
        return ""
    return f"Set, ends in …{key[-_SHOWN:]}" if len(key) >= _LONG_ENOUGH_TO_SHOW else "Set"


def headers_in_words(row: ProviderConfig) -> str:
    """The names of the headers."""
    try:
        names = ", ".join(headers_of(row))
    except SecretUnreadable:
        return "Set, but cannot be decrypted: enter them again"
    return f"Set: {names}" if names else ""


def _header(number: int, line: str) -> tuple[str, str]:
    # By its number: the line may hold a key, and an error is shown.
    found = _HEADER.fullmatch(line)
    if found is None:
        raise ValidationError(f"Line {number} is not of the form Name: value.")
    name, value = found.groups()
    if name.lower() in _OUR_OWN:
        raise ValidationError(f"The header {name} cannot be changed.")
    return name, value
