"""Pages of a list that may be long: the count stops where nobody would page to."""

from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    _Paginator = Paginator[Model]
else:
    _Paginator = Paginator

MOST_COUNTED = 10_000


class CappedPaginator(_Paginator):
    """Counts to `MOST_COUNTED` and says so; rows beyond are found by search and filters."""

    # Unfold draws the line below a list with it.
    template_name = "admin/pagination_capped.html"
    most_counted = MOST_COUNTED
    object_list: QuerySet[Model]

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.most_counted)

    @property
    def is_capped(self) -> bool:
        return self._counted > self.most_counted

    @cached_property
    def _counted(self) -> int:
        # Only the key and no order: the database stops at the limit, and needs no index to sort.
        return self.object_list.order_by().values("pk")[: self.most_counted + 1].count()
