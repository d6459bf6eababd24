"""API keys on the admin site; a new one is shown once, in the answer to the form itself."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts.admin_bases import KeptAdmin, as_uuid, coloured
from accounts.admin_fields import WordsField
from accounts.errors import TooManyKeys
from accounts.keyring import KEYRING
from accounts.keys import MOST_KEYS, NewKey, issue_key, keys_of, revoke_keys
from accounts.models import NO_RATE, ApiKey

if TYPE_CHECKING:
    _Form = forms.ModelForm[ApiKey]
else:
    _Form = forms.ModelForm

_CHANGEABLE = ("name", "allowed_models", "rate_rps", "rate_burst", "expires_at")


class KeyForm(_Form):
    allowed_models = WordsField(
        required=False, help_text="Models between commas. Nothing: all of them."
    )

    class Meta:
        model = ApiKey
        fields = _CHANGEABLE
        labels = {"rate_rps": "Requests per second", "rate_burst": "Requests at once"}
        help_texts = {"rate_rps": "Nothing here and below: the server's own rate."}

    def clean_expires_at(self) -> Any:
        moment = self.cleaned_data["expires_at"]
        if "expires_at" in self.changed_data and moment and moment <= timezone.now():
            raise ValidationError("Give a time in the future, or revoke the key.")
        return moment

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        user = cleaned.get("user")
        if user is not None and keys_of(user.id).count() >= MOST_KEYS:
            self.add_error("user", str(TooManyKeys(MOST_KEYS)))
        # At the field: the table's constraint would say it of the whole form.
        if (cleaned.get("rate_rps") is None) != (cleaned.get("rate_burst") is None):
            self.add_error("rate_burst", NO_RATE)
        return cleaned


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state.capitalize()) for state in ("active", "expired", "revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        is_past = Q(expires_at__lte=timezone.now())
        match self.value():
            case "active":
                return queryset.exclude(is_past).filter(revoked_at=None)
            case "expired":
                return queryset.filter(is_past, revoked_at=None)
            case "revoked":
                return queryset.exclude(revoked_at=None)
        return queryset


class ApiKeyAdmin(KeptAdmin[ApiKey]):
    form = KeyForm
    list_display = (
        *("prefix_shown", "name", "user", "state", "rate", "models"),
        *("expires_at", "last_used_at", "created_at"),
    )
    list_filter = (StateFilter,)
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    search_help_text = "Name, prefix, username, or a whole id"
    ordering = ("-created_at", "pk")
    autocomplete_fields = ("user",)
    actions = ("revoke",)

    @admin.display(description="Prefix", ordering="prefix")
    def prefix_shown(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @coloured("State", active="success", expired="warning", revoked="danger")
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return "revoked"
        is_past = key.expires_at is not None and key.expires_at <= timezone.now()
        return "expired" if is_past else "active"

    @admin.display(description="Rate", empty_value="Server's own")
    def rate(self, key: ApiKey) -> str | None:
        return f"{key.rate_rps:g}/s, burst {key.rate_burst}" if key.rate_rps else None

    @admin.display(description="Models", empty_value="All")
    def models(self, key: ApiKey) -> str | None:
        return ", ".join(key.allowed_models) or None

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        dying = list(keys.filter(revoked_at=None))
        number = revoke_keys(keys.order_by())
        for key in dying:
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"API keys revoked: {number}.", messages.SUCCESS)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        is_alive = obj is None or obj.revoked_at is None
        return is_alive and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("user", *_CHANGEABLE)
        record = ("state", "created_at", "last_used_at", "revoked_at")
        return ("user", "prefix_shown", *_CHANGEABLE, *record)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        return [name for name in self.get_fields(request, obj) if name not in _CHANGEABLE and obj]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ApiKey], search_term: str
    ) -> tuple[QuerySet[ApiKey], bool]:
        if (key_id := as_uuid(search_term)) is not None:
            return queryset.filter(id=key_id), False
        return super().get_search_results(request, queryset, search_term)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **buttons})

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=form.changed_data)
            transaction.on_commit(KEYRING.forget)
        else:
            issued = issue_key(obj.user_id, _new_key(obj))
            obj.pk, obj.prefix = issued.row.pk, issued.row.prefix
            request.issued_secret = issued.secret  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The secret, in no redirect: a message for the next page would be stored till then."""
        context = {
            **self.admin_site.each_context(request),
            "title": "New API key",
            "opts": self.opts,
            "key": obj,
            "secret": request.issued_secret,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "admin/accounts/apikey/issued.html", context)


def _new_key(key: ApiKey) -> NewKey:
    return NewKey(key.name, key.allowed_models, key.expires_at, key.rate)
