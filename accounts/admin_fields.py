"""Lists of words, as the forms of the admin site take them."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


class WordsField(forms.CharField):
    """Words between commas; the value is a list without repetitions."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        if isinstance(value, list):
            return value
        words = (word.strip() for word in (super().to_python(value) or "").split(","))
        return list(dict.fromkeys(word for word in words if word))
