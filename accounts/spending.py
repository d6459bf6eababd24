"""The rows behind what callers use, and how much of it they may."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

# Before any period: a budget that was never used begins its first one.
NEVER = dt.date(1970, 1, 1)
ONE_OWNER = "A budget is a user's or a key's: choose one of them."


class Usage(models.Model):
    """What one caller has used of one model on one day, in UTC.

    `calls` are those of a provider; of them `estimated` had their tokens counted here, and
    `unpriced` a model whose price is not known. The user and the key may be gone by now.
    """

    day = models.DateField()
    workspace = models.CharField(max_length=64)
    user = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    # Text, because an index does not find two absent ids equal.
    key_id = models.CharField(max_length=36, blank=True, default="")
    provider = models.CharField(max_length=64)
    model = models.CharField(max_length=255)
    calls = models.BigIntegerField(default=0)
    prompt_tokens = models.BigIntegerField(default=0)
    completion_tokens = models.BigIntegerField(default=0)
    nanodollars = models.BigIntegerField(default=0)
    estimated = models.BigIntegerField(default=0)
    unpriced = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "usage"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "day", "key_id", "provider", "model"],
                name="usage_has_one_line",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["day"], name="usage_by_day")]

    def __str__(self) -> str:
        return f"{self.workspace} {self.day} {self.provider}/{self.model}"


class Budget(models.Model):
    """How much a user, or one key, may use in each day or month, in UTC.

    `limit`, `spent` and `reserved` are tokens or nanodollars. Both of the last are those of the
    period that began on `period_start`; a later one begins with nothing. A shadow refuses nothing:
    it counts what it would have refused in `passed`.
    """

    class Period(models.TextChoices):
        DAY = "day"
        MONTH = "month"

    class Unit(models.TextChoices):
        TOKENS = "tokens"
        MONEY = "money", "US dollars"

    user = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="budgets"
    )
    key = models.ForeignKey(
        "accounts.ApiKey",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="budgets",
        verbose_name="API key",
    )
    period = models.CharField(max_length=8, choices=Period)
    unit = models.CharField(max_length=8, choices=Unit)
    limit = models.PositiveBigIntegerField()
    shadow = models.BooleanField(default=False, help_text="Count only, refuse nothing.")
    period_start = models.DateField(default=NEVER, editable=False)
    spent = models.BigIntegerField(default=0, editable=False)
    reserved = models.BigIntegerField(default=0, editable=False)
    passed = models.BigIntegerField(default=0, editable=False)
    passed_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(user=None, key__isnull=False) | Q(user__isnull=False, key=None),
                name="budgets_have_one_owner",
                violation_error_message=ONE_OWNER,
            ),
            models.UniqueConstraint(
                fields=["user", "period", "unit"], name="users_have_one_budget_of_a_kind"
            ),
            models.UniqueConstraint(
                fields=["key", "period", "unit"], name="keys_have_one_budget_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"budget {self.pk}"


class Reservation(models.Model):
    """What a question that is being answered may take of a budget at most.

    `holder` is the id of its turn, or another where it has none: then the process that asks
    renews `lease_until`. `period_start` says to which period of the budget it belongs.
    `prompt_tokens` is what was counted of the question.
    """

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="reservations")
    holder = models.UUIDField(db_index=True)
    amount = models.BigIntegerField()
    period_start = models.DateField()
    key_id = models.CharField(max_length=36, blank=True, default="")
    prompt_tokens = models.BigIntegerField()
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.amount} of {self.budget_id}"
