"""The rows behind who may ask: users, their API keys, and the addresses that are never refused."""

from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.models import AbstractBaseUser
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.buckets import Rate
from accounts.managers import UserManager
from accounts.spending import Budget, Reservation, Usage
from accounts.usernames import LONGEST_USERNAME, check_username

__all__ = ["ApiKey", "Budget", "RateLimitBypass", "Reservation", "StoredSecret", "Usage", "User"]

ADMIN_ROLE = "admin"
# One request in twelve days: slower than that, times become too large for numbers.
SLOWEST_RPS = 1e-6
NO_RATE = "Give both a rate above 0 and a burst of 1 or more."


def _no_words() -> list[str]:
    return []


class User(AbstractBaseUser):
    """Someone who signs in. The role `admin` opens the admin site.

    Tokens and browser sessions carry `token_version`: raising it ends them all. Empty lists of
    products and agents allow all of them.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    username = models.CharField(
        max_length=LONGEST_USERNAME, unique=True, validators=[check_username]
    )
    email = models.EmailField(null=True, blank=True)  # noqa: DJ001 - T-2
    full_name = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - T-2
    roles = models.JSONField(default=_no_words, blank=True)
    allowed_products = models.JSONField(default=_no_words, blank=True)
    allowed_agents = models.JSONField(default=_no_words, blank=True)
    is_active = models.BooleanField(default=True)
    token_version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="emails_are_unique"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def is_admin(self) -> bool:
        return ADMIN_ROLE in self.roles

    @property
    def is_staff(self) -> bool:
        """Django's word for who may enter the admin site."""
        return self.is_admin

    @property
    def is_superuser(self) -> bool:
        return self.is_admin

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_admin

    def has_perms(self, perms: object, obj: object = None) -> bool:
        return self.is_active and self.is_admin

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_admin

    def get_session_auth_hash(self) -> str:
        """What a browser session has to hold: it ends with the tokens."""
        return salted_hmac(
            "accounts.session", f"{self.token_version}:{self.password}", algorithm="sha256"
        ).hexdigest()

    def save(self, *args: object, **kwargs: object) -> None:
        """A new password ends all tokens, whichever of Django's ways it comes by.

        Django keeps the raw password until it is saved, except when it only hashes it anew.
        """
        # Here and not in a service: `manage.py changepassword` and the admin save by themselves.
        if self._password is None or self._state.adding:  # type: ignore[attr-defined]
            super().save(*args, **kwargs)  # type: ignore[arg-type]
            return
        self.token_version = F("token_version") + 1
        # Nothing else: what this row was read with may have changed while the hash was made.
        kwargs["update_fields"] = {"password", "token_version"}
        super().save(*args, **kwargs)  # type: ignore[arg-type]
        self.refresh_from_db(fields=["token_version"])


class ApiKey(models.Model):
    """A credential of a user for programs; only its digest is kept.

    `prefix` is the part that may be shown. An empty list of models allows all of them; without a
    rate of its own a key has the server's.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    allowed_models = models.JSONField(default=_no_words, blank=True)
    rate_rps = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(SLOWEST_RPS, message=NO_RATE)]
    )
    rate_burst = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(rate_rps__isnull=True, rate_burst__isnull=True)
                # A comparison with null is no violation: it has to be asked for.
                | Q(
                    rate_rps__isnull=False,
                    rate_burst__isnull=False,
                    rate_rps__gte=SLOWEST_RPS,
                    rate_burst__gte=1,
                ),
                name="rates_are_whole",
                violation_error_message=NO_RATE,
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def rate(self) -> Rate | None:
        """None where the server's own rate is the key's."""
        if self.rate_rps is None or self.rate_burst is None:
            return None
        return Rate(self.rate_rps, self.rate_burst)


class RateLimitBypass(models.Model):
    """An address or block that the rate limit never refuses; `added_by` is null for a program."""

    network = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=255, blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    added_by = models.ForeignKey(
        User, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "rate limit bypass"
        verbose_name_plural = "rate limit bypasses"

    def __str__(self) -> str:
        return self.network


class StoredSecret(models.Model):
    """A random secret of this installation, made at its first use."""

    name = models.CharField(primary_key=True, max_length=32)
    value = models.CharField(max_length=128)

    def __str__(self) -> str:
        return self.name
