"""What every page of the admin site stands on: Unfold's look, and no query that grows with it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import HttpRequest
from unfold.decorators import display as unfold_display

from accounts.admin_paginator import CappedPaginator

Row = TypeVar("Row", bound=Model)
Method = TypeVar("Method", bound=Callable[..., Any])

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.contrib.admin import TabularInline as TabularInline
else:
    from unfold.admin import ModelAdmin as UnfoldAdmin
    from unfold.admin import TabularInline as UnfoldInline

    # Django's stubs know the admin as generic, Django itself does not.
    class _Generic:
        def __class_getitem__(cls, row: type[Model]) -> type:
            return cls

    class ModelAdmin(_Generic, UnfoldAdmin):
        pass

    class TabularInline(_Generic, UnfoldInline):
        pass


class PageOfRows(ChangeList):
    """A list that tells its admin which rows it shows, before it draws the first one."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # The line below the list says how many there are; the one above would not know the cap.
        self.full_result_count = self.result_count
        cast(SiteAdmin[Any], self.model_admin).learn(list(self.result_list))

    def get_ordering_field(self, field_name: Any) -> Any:
        # Django draws no link for such a column, but still obeys an address typed by hand.
        sortable = self.sortable_by or ()
        return super().get_ordering_field(field_name) if field_name in sortable else None


class SiteAdmin(ModelAdmin[Row]):
    """A list never counts a whole table, and never asks for each row."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PageOfRows

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Filters of an address are those of the list: others would read hidden columns aloud."""
        own = {getattr(entry, "parameter_name", entry) for entry in self.list_filter}
        return lookup.removesuffix("__exact") in own and "\0" not in str(value)

    def learn(self, rows: Sequence[Row]) -> None:
        """Find out what the columns need and the rows do not hold, for all of them at once."""


class KeptAdmin(SiteAdmin[Row]):
    """Rows that are never deleted here."""

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin[Row]):
    """Rows that are only looked at, in no other order than that of their keys."""

    sortable_by = ()
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


def coloured(description: str, **colours: str) -> Callable[[Method], Method]:
    """A column whose value is a word: success, warning, danger or info says what colour it has."""
    decorate = unfold_display(description=description, label=colours)
    return cast(Callable[[Method], Method], decorate)


def as_uuid(text: str) -> UUID | None:
    """What was typed into a search box, where it is an id."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
