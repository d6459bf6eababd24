"""The form of a provider on the admin site."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from providers.addresses import Reach
from providers.admin_fields import (
    HeadersField,
    KeyField,
    ListField,
    headers_in_words,
    key_in_words,
)
from providers.base_urls import normalised, origin, require_reachable
from providers.errors import BadBaseUrl
from providers.models import ProviderConfig
from providers.registry import normalise
from providers.rows import address_option, place_of, taken, usable_spec
from providers.services import set_headers, set_key

if TYPE_CHECKING:
    _Form = forms.ModelForm[ProviderConfig]
else:
    _Form = forms.ModelForm

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_KEEP = "Leave it empty to keep what there is."


def backends() -> list[tuple[str, str]]:
    """The kinds of provider that there are, those of installed packages included."""
    return [(name, name) for name, spec in settings.PROVIDERS.items() if spec.backend]


class ProviderForm(_Form):
    backend = forms.ChoiceField(choices=backends, widget=UnfoldAdminSelectWidget)
    api_key = KeyField(required=False, max_length=2000, label="API key")
    forget_key = forms.BooleanField(
        required=False, label="Remove the API key", widget=UnfoldBooleanSwitchWidget
    )
    headers = HeadersField(required=False, max_length=8000, label="Extra headers")
    forget_headers = forms.BooleanField(
        required=False, label="Remove the extra headers", widget=UnfoldBooleanSwitchWidget
    )
    fallbacks = ListField(
        required=False,
        help_text="Who is asked when it fails: provider or provider/model, between commas.",
    )

    class Meta:
        model = ProviderConfig
        exclude = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.fields:
            return
        self.fields["order"].required = False
        self.fields["base_url"].help_text = "Empty: the operator's, or the usual one."
        stored = key_in_words(self.instance)
        self.fields["api_key"].help_text = f"{stored}. {_KEEP}" if stored else ""
        named = headers_in_words(self.instance)
        self.fields["headers"].help_text = f"One Name: value per line. {named}" + (
            f". {_KEEP}" if named else ""
        )

    def clean_name(self) -> str:
        name = normalise(self.cleaned_data["name"])
        if not _NAME.fullmatch(name):
            raise ValidationError("A name has letters, digits, '.', '_' and '-' only.")
        return name

    def clean_base_url(self) -> str:
        written: str = self.cleaned_data["base_url"]
        if not written:
            return ""
        try:
            url = normalised(written)
            if "base_url" in self.changed_data:
                require_reachable(url, Reach(settings.PROVIDER_PRIVATE_NETWORKS))
        except BadBaseUrl as error:
            raise ValidationError(str(error)) from error
        return url

    def clean_fallbacks(self) -> list[str]:
        rows = ProviderConfig.objects.values_list("name", flat=True)
        known = {*settings.PROVIDERS, *rows}
        for fallback in self.cleaned_data["fallbacks"]:
            name = fallback.partition("/")[0]
            if normalise(name) not in known:
                raise ValidationError(f"There is no provider '{name}'.")
        return list(self.cleaned_data["fallbacks"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            if cleaned.get("order") is None:
                cleaned["order"] = place_of(settings.PROVIDERS, self._name)
            self._require_options(cleaned)
            self._require_secrets_anew(cleaned)
        if not self.errors:
            self._put_secrets(cleaned)
            self._require_usable(cleaned)
        return cleaned

    @property
    def _name(self) -> str:
        return str(self.cleaned_data.get("name") or self.instance.name)

    def _require_options(self, cleaned: dict[str, Any]) -> None:
        """Refuse what this kind of provider has no place for."""
        kind = cleaned["backend"]
        if self._name == "demo" and kind != "demo":
            self.add_error("backend", "The provider demo is the demo.")
        known = taken(str(settings.PROVIDERS[kind].backend))
        places = {
            "base_url": address_option(known),
            "api_key": "api_key" in known,
            "headers": "secret_headers" in known,
            "default_model": "model" in known,
        }
        for name, has_place in places.items():
            if cleaned[name] and not has_place:
                self.add_error(name, f"A provider of the kind {kind} takes none.")

    def _require_secrets_anew(self, cleaned: dict[str, Any]) -> None:
        """What was entered for one address is not sent to another."""
        row = ProviderConfig.objects.filter(pk=self.instance.pk).first()
        if row is None or _target(row.backend, row.base_url) == _target(
            cleaned["backend"], cleaned["base_url"]
        ):
            return
        for name, stored in (("api_key", row.sealed_key), ("headers", row.sealed_headers)):
            forgets = cleaned["forget_key" if name == "api_key" else "forget_headers"]
            if stored and not cleaned[name] and not forgets:
                self.add_error(name, "Enter it again: the address is another one.")

    def _put_secrets(self, cleaned: dict[str, Any]) -> None:
        if cleaned["api_key"] or cleaned["forget_key"]:
            set_key(self.instance, cleaned["api_key"])
        if cleaned["headers"] or cleaned["forget_headers"]:
            set_headers(self.instance, cleaned["headers"])

    def _require_usable(self, cleaned: dict[str, Any]) -> None:
        """Of one that is to be used; whoever is disabled may be incomplete."""
        fields = {name: cleaned[name] for name in ("backend", "base_url")}
        row = ProviderConfig(
            **fields,
            sealed_key=self.instance.sealed_key,
            sealed_headers=self.instance.sealed_headers,
        )
        missing = usable_spec(row, settings.PROVIDERS, ()).missing
        if cleaned["is_enabled"] and missing:
            self.add_error(
                None, f"Set {missing.removesuffix(' in the admin site')}, or disable it."
            )


def _target(backend: str, base_url: str) -> str:
    return origin(base_url) if base_url else f"the operator's {backend}"
