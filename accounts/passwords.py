"""What a password may be: Django's validators, and the longest that is accepted."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.errors import PasswordRefused
from accounts.models import User


class MaximumLengthValidator:
    """Hashing a text of megabytes would keep a processor busy for nothing."""

    def __init__(self, max_length: int = 1024) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(
                f"This password is too long. It must contain at most {self.max_length} characters.",
                code="password_too_long",
            )

    def get_help_text(self) -> str:
        return f"Your password must contain at most {self.max_length} characters."


def check_new_password(password: str, user: User) -> None:
    """Raises PasswordRefused with the reasons of all validators."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordRefused(error.messages) from error
