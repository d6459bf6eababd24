"""Cursors into the results of a search: opaque to clients, and good for that search only."""

import base64
import hashlib
from typing import Self
from uuid import UUID

import msgspec

from search.errors import InvalidCursor
from search.results import Mode
from search.scope import Scope


class Place(msgspec.Struct, frozen=True, array_like=True):
    """`offset` into a ranking of what there was up to `until`; a scan goes on below `below`.

    A scan's headings come first: `offset` of them were shown, until `is_past_headings`.
    """

    search: str
    until: UUID
    offset: int = 0
    below: UUID | None = None
    is_past_headings: bool = False

    @classmethod
    def parse(cls, cursor: str, search: str) -> Self:
        """Raises InvalidCursor."""
        try:
            data = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
            place = msgspec.json.decode(data, type=cls)
        except (ValueError, msgspec.DecodeError) as error:
            raise InvalidCursor("The cursor cannot be read") from error
        if place.search != search or place.offset < 0:
            raise InvalidCursor("The cursor belongs to another search")
        return place

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


def search_id(scope: Scope, query: str, mode: Mode, *, grouped: bool) -> str:
    """The same for the same search of the same caller."""
    asked = repr((scope.workspace, scope.filters, query, mode.value, grouped))
    return hashlib.blake2b(asked.encode(errors="surrogatepass"), digest_size=8).hexdigest()
