"""Users on the admin site: who they are, what they may do, and an end to all their sessions."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts import services
from accounts.admin_bases import KeptAdmin, as_uuid
from accounts.admin_user_forms import NewUserForm, PasswordForm, UserForm, with_admin_role
from accounts.models import User
from accounts.services import NewUser

if TYPE_CHECKING:
    _DjangoUserAdmin = DjangoUserAdmin[User]
else:
    _DjangoUserAdmin = DjangoUserAdmin

_PERSON = ("username", "email", "full_name")
_RIGHTS = ("roles", "allowed_products", "allowed_agents", "is_active")
_TIMES = ("last_login", "created_at", "updated_at", "token_version")


class RoleFilter(admin.SimpleListFilter):
    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("admin", "Administrators"), ("none", "Others")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        match self.value():
            case "admin":
                return with_admin_role(queryset)
            case "none":
                return queryset.exclude(pk__in=with_admin_role(User.objects.all()).values("pk"))
        return queryset


class UserAdmin(KeptAdmin[User], _DjangoUserAdmin):
    """Everything is written by the services, so that tokens end when they have to.

    Nobody is deleted: the conversations would stay without an owner.
    """

    form = UserForm
    add_form = NewUserForm
    change_password_form = PasswordForm
    add_form_template = None
    list_display = ("username", "email", "role_list", "is_active", "last_login", "created_at")
    list_filter = ("is_active", RoleFilter)
    search_fields = ("username", "email", "full_name")
    search_help_text = "Username, email, full name, or a whole id"
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("id", "password_link", *_TIMES)
    fieldsets = (
        (None, {"fields": ("id", *_PERSON, "password_link")}),
        ("Rights", {"fields": _RIGHTS}),
        ("Record", {"fields": _TIMES}),
    )
    add_fieldsets = (
        (None, {"fields": (*_PERSON, "password1", "password2")}),
        ("Rights", {"fields": _RIGHTS}),
    )
    actions = ("revoke_everything",)

    @admin.display(description="Roles")
    def role_list(self, user: User) -> str:
        return ", ".join(user.roles)

    @admin.display(description="Password")
    def password_link(self, user: User) -> str:
        page = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a class="text-link" href="{}">Set another password</a>', page)

    @admin.action(description="Sign out everywhere and revoke all API keys")
    def revoke_everything(self, request: HttpRequest, users: QuerySet[User]) -> None:
        found = list(users)
        for user in found:
            services.revoke_everything(user)
            self.log_change(request, user, "Signed out everywhere, API keys revoked.")
        done = f"Signed out everywhere, with all API keys revoked: {len(found)}."
        self.message_user(request, done, messages.SUCCESS)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        if (user_id := as_uuid(search_term)) is not None:
            return queryset.filter(id=user_id), False
        return super().get_search_results(request, queryset, search_term)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            self._change(request, obj, form)
        else:
            self._register(request, obj, form)

    def _change(self, request: HttpRequest, user: User, form: UserForm) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if not changes:
            return
        services.change_user(user, changes)
        if user == request.user:
            # The browser at hand stays signed in, as after a change of the password.
            update_session_auth_hash(request, user)

    def _register(self, request: HttpRequest, user: User, form: NewUserForm) -> None:
        assert isinstance(request.user, User)
        given = {name: form.cleaned_data[name] for name in (*_PERSON, *_RIGHTS)}
        new = NewUser(password=form.cleaned_data["password1"], **given)
        user.pk = services.register_user(new, by=request.user).pk
