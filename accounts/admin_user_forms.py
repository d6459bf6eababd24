"""The forms for users on the admin site."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    BaseUserCreationForm,
    UsernameField,
)
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts.admin_fields import WordsField
from accounts.models import ADMIN_ROLE, User

if TYPE_CHECKING:
    _Creation = BaseUserCreationForm[User]
    _Password = AdminPasswordChangeForm[User]
    _Form = forms.ModelForm[User]
else:
    _Creation = BaseUserCreationForm
    _Password = AdminPasswordChangeForm
    _Form = forms.ModelForm

_COMMAS = "Words between commas."
_ALL = f"{_COMMAS} Nothing: all of them."


class _AccountForm(_Form):
    roles = WordsField(required=False, help_text=f"{_COMMAS} The role admin opens this site.")
    allowed_products = WordsField(required=False, help_text=_ALL)
    allowed_agents = WordsField(required=False, help_text=_ALL)

    def clean_email(self) -> str | None:
        email: str | None = self.cleaned_data["email"] or None
        others = User.objects.exclude(pk=self.instance.pk)
        if email and others.filter(email__iexact=email).exists():
            raise ValidationError("Email already exists", code="unique")
        return email


class NewUserForm(_AccountForm, _Creation):
    class Meta:
        model = User
        fields = ("username", "email", "full_name")
        field_classes = {"username": UsernameField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _theme_passwords(self)

    def save(self, commit: bool = True) -> User:
        """The row without its password: the service hashes it."""
        return forms.ModelForm.save(self, commit=False)


class UserForm(_AccountForm):
    """Refuses what would leave nobody who can enter the admin site."""

    class Meta:
        model = User
        fields = ("username", "email", "full_name")
        field_classes = {"username": UsernameField}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stays = cleaned.get("is_active") and ADMIN_ROLE in cleaned.get("roles", [])
        if not stays and self._is_last_administrator():
            raise ValidationError(
                "This is the last active administrator: make somebody else one first.",
                code="last_administrator",
            )
        return cleaned

    def _is_last_administrator(self) -> bool:
        # Locked, so that two administrators cannot take the role from each other.
        administrators = list(active_administrators().select_for_update().order_by("pk"))
        return {user.pk for user in administrators if user.is_admin} == {self.instance.pk}


class PasswordForm(_Password):
    """A new password, and no account without one: nobody could sign in to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        self.fields["password1"].required = self.fields["password2"].required = True
        _theme_passwords(self)


def with_admin_role(users: QuerySet[User]) -> QuerySet[User]:
    """As the database can tell: it looks for the word in the list as it is written."""
    # SQLite has no `contains` for JSON.
    written = users.annotate(written_roles=Cast("roles", TextField()))
    return written.filter(written_roles__contains=f'"{ADMIN_ROLE}"')


def active_administrators() -> QuerySet[User]:
    return with_admin_role(User.objects.filter(is_active=True))


def _theme_passwords(form: forms.BaseForm) -> None:
    for name in ("password1", "password2"):
        form.fields[name].widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
