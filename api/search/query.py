"""The query of a search: what to look for, how, and among what."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, create_model
from pydantic_core import PydanticCustomError

from api.parsing import Body
from providers.registry import registry
from search.results import Mode
from search.scope import Filters

LONGEST = 1000
MOST = 100

_MOMENT = "Input should be a valid date, or a date and time with an offset from UTC"
_DATE_CHARACTERS = 10


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("string_blank", "String should not be blank")
    return text


def _moment(time_of_day: dt.time) -> Callable[[str], dt.datetime]:
    """Reads a time in ISO 8601; a date alone is that time of its day, in UTC."""

    def read(text: str) -> dt.datetime:
        try:
            if len(text) <= _DATE_CHARACTERS:
                return dt.datetime.combine(dt.date.fromisoformat(text), time_of_day, dt.UTC)
            moment = dt.datetime.fromisoformat(text)
            # Years that only exist in other time zones overflow.
            utc = moment.astimezone(dt.UTC)
        except (ValueError, OverflowError) as error:
            raise PydanticCustomError("datetime_invalid", _MOMENT) from error
        if moment.tzinfo is None:
            raise PydanticCustomError("datetime_invalid", _MOMENT)
        return utc

    return read


Words = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(_not_blank)
]
Name = Annotated[str, StringConstraints(max_length=255)]
From = Annotated[dt.datetime, BeforeValidator(_moment(dt.time.min))]
To = Annotated[dt.datetime, BeforeValidator(_moment(dt.time.max))]


class _MessagesQuery(Body):
    q: Words
    mode: Annotated[Mode, Field(strict=False)] = Mode.AUTO
    conversation: Annotated[UUID, Field(strict=False)] | None = None
    role: Name = ""
    model: Name = ""
    provider: Name = ""
    product: Name = ""
    agent: Name = ""
    surface: Name = ""
    to: To | None = None
    limit: Annotated[int, Field(strict=False, ge=1, le=MOST)] = 20
    cursor: str | None = None
    group: Literal["conversation"] | None = None
    scores: Annotated[bool, Field(strict=False)] = False

    @property
    def filters(self) -> Filters:
        return Filters(
            surface=self.surface,
            conversation_id=self.conversation,
            role=self.role,
            model=self.model,
            provider=registry().normalise(self.provider),
            product=self.product,
            agent=self.agent,
            after=getattr(self, "from"),
            before=self.to,
        )


# A class statement cannot have a field of that name.
_FROM: dict[str, Any] = {"from": (From | None, None)}
MessagesQuery = create_model("MessagesQuery", __base__=_MessagesQuery, **_FROM)
