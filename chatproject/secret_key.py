"""Django's SECRET_KEY where the operator has set none: made once, and kept in the database."""

from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string


class StoredSecretKey(SimpleLazyObject):  # type: ignore[type-arg]
    """Looked up when something is first signed: the settings are read before any model is."""

    def __init__(self) -> None:
        super().__init__(lambda: import_string("accounts.secrets.django_secret")())

    def __bool__(self) -> bool:
        # Django asks at every access whether there is a key.
        return True
