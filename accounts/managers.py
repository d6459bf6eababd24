"""How users are made from Django's own commands, such as `manage.py createsuperuser`."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager

if TYPE_CHECKING:
    from accounts.models import User


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """The password is not validated: that is the form's, or the service's, part."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(force_insert=True)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator; what `manage.py createsuperuser` calls."""
        return self.create_user(username, password, roles=["admin"], **fields)
