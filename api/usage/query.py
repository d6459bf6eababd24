"""The query of `GET /api/usage`."""

import datetime as dt
from typing import Annotated, Any, Literal

from django.utils import timezone
from pydantic import Field, StringConstraints, create_model

from accounts.usage_reports import Days, GroupBy
from api.errors import FieldFault, ValidationFailed
from api.parsing import Body

Day = Annotated[dt.date, Field(strict=False)]


class _UsageQuery(Body):
    to: Day | None = None
    group_by: Annotated[GroupBy, Field(strict=False)] = GroupBy.DAY
    user: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    format: Literal["json", "csv"] | None = None

    @property
    def days(self) -> Days:
        """This month, as far as nothing else is said; raises ValidationFailed."""
        last = self.to or timezone.now().date()
        first = getattr(self, "from") or last.replace(day=1)
        if first > last:
            message = "Input should be a date that is not before `from`"
            fault = FieldFault(loc=["query", "to"], msg=message, type="value_error")
            raise ValidationFailed([fault])
        return Days(first, last)


# A class statement cannot have a field of that name.
_FROM: dict[str, Any] = {"from": (Day | None, None)}
UsageQuery = create_model("UsageQuery", __base__=_UsageQuery, **_FROM)
