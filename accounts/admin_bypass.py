"""The addresses that the rate limit never refuses, on the admin site (C-7)."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from accounts import bypass
from accounts.admin_bases import SiteAdmin, coloured
from accounts.errors import NotANetwork
from accounts.models import RateLimitBypass, User

if TYPE_CHECKING:
    _Form = forms.ModelForm[RateLimitBypass]
else:
    _Form = forms.ModelForm


class BypassForm(_Form):
    class Meta:
        model = RateLimitBypass
        fields = ("network", "note", "expires_at")

    def clean_network(self) -> str:
        try:
            return bypass.normalised(self.cleaned_data["network"])
        except NotANetwork as error:
            raise ValidationError(str(error), code="invalid_ip") from error


class RateLimitBypassAdmin(SiteAdmin[RateLimitBypass]):
    form = BypassForm
    list_display = ("network", "note", "state", "expires_at", "added_by", "created_at")
    list_select_related = ("added_by",)
    search_fields = ("network", "note")
    search_help_text = "Address, block, or note"
    ordering = ("network",)
    fields = ("network", "note", "expires_at", "added_by", "created_at")
    readonly_fields = ("added_by", "created_at")

    @coloured("State", active="success", expired="warning")
    def state(self, entry: RateLimitBypass) -> str:
        is_past = entry.expires_at is not None and entry.expires_at <= timezone.now()
        return "expired" if is_past else "active"

    def save_model(
        self, request: HttpRequest, obj: RateLimitBypass, form: Any, change: bool
    ) -> None:
        if not change:
            assert isinstance(request.user, User)
            obj.added_by = request.user
        super().save_model(request, obj, form, change)
