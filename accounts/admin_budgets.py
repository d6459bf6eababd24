"""Budgets of users and keys on the admin site."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from accounts.admin_bases import SiteAdmin, coloured
from accounts.budget_owners import OWNERS
from accounts.models import Budget
from accounts.money import dollars, nanodollars, plain
from accounts.periods import renewal_of, start_of

if TYPE_CHECKING:
    _Form = forms.ModelForm[Budget]
else:
    _Form = forms.ModelForm

_MOST = 10**9
_FIXED = ("user", "key", "period", "unit")


class BudgetForm(_Form):
    amount = forms.DecimalField(
        label="Limit",
        min_value=0,
        max_value=_MOST,
        decimal_places=9,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Tokens, or US dollars, in each period.",
    )

    class Meta:
        model = Budget
        fields = (*_FIXED, "shadow")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.fields["amount"].initial = _shown(self.instance, self.instance.limit)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        amount = cleaned.get("amount")
        unit = cleaned.get("unit") or self.instance.unit
        if amount is None or not unit:
            return cleaned
        if unit == Budget.Unit.MONEY:
            self.instance.limit = nanodollars(amount)
        elif amount == amount.to_integral_value():
            self.instance.limit = int(amount)
        else:
            self.add_error("amount", "Tokens are whole: give a number without a fraction.")
        return cleaned


class BudgetAdmin(SiteAdmin[Budget]):
    form = BudgetForm
    list_display = (
        *("owner", "period", "unit", "limit_shown", "spent_shown", "reserved_shown", "state"),
        *("renews_at", "passed", "passed_at"),
    )
    list_filter = ("period", "unit", "shadow")
    list_select_related = ("user", "key", "key__user")
    search_fields = ("user__username", "key__name", "key__prefix")
    search_help_text = "Username, or a key's name or prefix"
    ordering = ("-created_at", "pk")
    autocomplete_fields = ("user", "key")
    fields = (*_FIXED, "amount", "shadow", "spent_shown", "reserved_shown", "renews_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        # In another unit or period what is spent would mean something else.
        fixed = _FIXED if obj is not None else ()
        return (*fixed, "spent_shown", "reserved_shown", "renews_at")

    @admin.display(description="Whose")
    def owner(self, budget: Budget) -> str:
        return f"{budget.key} of {budget.key.user}" if budget.key else str(budget.user)

    @admin.display(description="Limit")
    def limit_shown(self, budget: Budget) -> str:
        return _shown(budget, budget.limit)

    @admin.display(description="Spent")
    def spent_shown(self, budget: Budget) -> str:
        return _shown(budget, budget.spent if _is_current(budget) else 0)

    @admin.display(description="Reserved")
    def reserved_shown(self, budget: Budget) -> str:
        return _shown(budget, budget.reserved if _is_current(budget) else 0)

    @coloured("State", holds="success", shadow="info", **{"used up": "danger"})
    def state(self, budget: Budget) -> str:
        if budget.shadow:
            return "shadow"
        is_full = _is_current(budget) and budget.spent + budget.reserved >= budget.limit
        return "used up" if is_full else "holds"

    @admin.display(description="Renews")
    def renews_at(self, budget: Budget) -> Any:
        return renewal_of(Budget.Period(budget.period), timezone.now()) if budget.pk else None

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        if change:
            # What is spent may have grown since the form was opened.
            obj.save(update_fields=["limit", "shadow"])
        else:
            obj.save()
        transaction.on_commit(OWNERS.forget)


def _is_current(budget: Budget) -> bool:
    return budget.period_start >= start_of(Budget.Period(budget.period), timezone.now())


def _shown(budget: Budget, amount: int) -> str:
    return plain(dollars(amount)) if budget.unit == Budget.Unit.MONEY else str(amount)
