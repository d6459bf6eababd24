"""What a username may look like, whichever way it comes."""

from django.core.exceptions import ValidationError

LONGEST_USERNAME = 150


def check_username(name: str) -> None:
    """Raises Django's ValidationError."""
    if not name.isprintable() or name != name.strip():
        raise ValidationError(
            "Give printable characters only, without blanks around them.", code="unprintable"
        )
