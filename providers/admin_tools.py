"""Servers of tools on the admin site."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.admin import ShowFacets
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldBooleanSwitchWidget

from providers.addresses import Reach
from providers.admin_fields import KeyField, ListField, key_in_words
from providers.base_urls import normalised, origin, require_reachable
from providers.errors import BadBaseUrl
from providers.following import follow_now
from providers.models import ToolServer
from providers.services import set_key

if TYPE_CHECKING:
    _Form = forms.ModelForm[ToolServer]
else:
    _Form = forms.ModelForm


class ToolServerForm(_Form):
    api_key = KeyField(required=False, max_length=2000, label="API key")
    forget_key = forms.BooleanField(
        required=False, label="Remove the API key", widget=UnfoldBooleanSwitchWidget
    )
    roles = ListField(required=False, help_text="Whose callers may use them. Empty: everybody.")
    tools = ListField(required=False, help_text="Which of its tools are lent. Empty: all.")

    class Meta:
        model = ToolServer
        exclude = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if stored := key_in_words(self.instance):
            self.fields["api_key"].help_text = f"{stored}. Leave it empty to keep what there is."

    def clean_url(self) -> str:
        try:
            url = normalised(self.cleaned_data["url"])
            if "url" in self.changed_data:
                require_reachable(url, Reach(settings.PROVIDER_PRIVATE_NETWORKS))
        except BadBaseUrl as error:
            raise ValidationError(str(error)) from error
        return url

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        before = ToolServer.objects.filter(pk=self.instance.pk).first()
        is_elsewhere = before is not None and origin(before.url) != origin(cleaned["url"])
        entered = cleaned["api_key"] or cleaned["forget_key"]
        if is_elsewhere and self.instance.sealed_key and not entered:
            # What was entered for one address is not sent to another.
            self.add_error("api_key", "Enter it again: the address is another one.")
        elif entered:
            set_key(self.instance, cleaned["api_key"])
        return cleaned


class ToolServerAdmin(ModelAdmin):  # type: ignore[misc]
    form = ToolServerForm
    list_display = ("name", "url", "is_enabled", "updated_at")
    list_filter = ("is_enabled",)
    search_fields = ("name", "url")
    show_facets = ShowFacets.NEVER
    fields = ("name", "url", "is_enabled", "api_key", "forget_key", "roles", "tools")

    def save_model(self, request: HttpRequest, obj: ToolServer, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(follow_now)

    def delete_model(self, request: HttpRequest, obj: ToolServer) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(follow_now)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ToolServer]) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(follow_now)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Filters of an address are those of the list: others would read hidden columns aloud."""
        return lookup.removesuffix("__exact") in self.list_filter and "\0" not in str(value)
