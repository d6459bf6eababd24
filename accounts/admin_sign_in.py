"""The admin site's way in: failures count as they do for the API."""

import math
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.errors import InvalidCredentials, TooManyAttempts
from accounts.models import User
from accounts.signing_in import sign_in

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """Lets active administrators in, and slows down those who guess."""

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        password = self.cleaned_data.get("password")
        if username and password:
            assert self.request is not None
            user = self._signed_in(self.request, username, password)
            self.confirm_login_allowed(user)
            self.user_cache = user
        return self.cleaned_data

    def _signed_in(self, request: HttpRequest, username: str, password: str) -> User:
        try:
            return sign_in(request, username=username, password=password)
        except TooManyAttempts as refusal:
            raise ValidationError(_wait(refusal), code="too_many_attempts") from refusal
        except InvalidCredentials as refusal:
            raise self.get_invalid_login_error() from refusal


def _wait(refusal: TooManyAttempts) -> str:
    minutes = math.ceil(refusal.retry_after / 60)
    return f"{refusal}. Try again in {minutes} {'minute' if minutes == 1 else 'minutes'}."
