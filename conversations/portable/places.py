"""Where an item of a file is kept: under its own id, unless that is someone else's.

An id is someone else's when a row outside of the importing user's own place has it: another
workspace for conversations, another conversation for what is in one. Such an item gets an id
that follows from the place and its own, so that the next import finds it again.
"""

import hashlib
from collections.abc import Hashable, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Model

# What is left of a UUIDv7 holds its time and its counter: derived ids keep the order.
_REPLACED_BITS = 32


class Places:
    """The ids of one kind of row: which are taken, and by whom."""

    def __init__(
        self, model: type[Model], column: str, wanted: Iterable[tuple[Hashable, UUID]]
    ) -> None:
        candidates = {id for place, own in wanted for id in (own, derived_id(place, own))}
        rows: Any = model._default_manager.filter(pk__in=candidates)
        self._held: dict[UUID, Hashable] = dict(rows.values_list("pk", column))

    def existing(self, place: Hashable, own: UUID) -> UUID | None:
        """The id under which the item is kept there already."""
        for id in (own, derived_id(place, own)):
            if self._held.get(id) == place:
                return id
        return None

    def free(self, place: Hashable, own: UUID) -> UUID | None:
        """The id for a new row, now taken; None where both are someone else's."""
        for id in (own, derived_id(place, own)):
            if id not in self._held:
                self._held[id] = place
                return id
        return None


def derived_id(place: Hashable, own: UUID) -> UUID:
    digest = hashlib.sha256(f"{place}\n{own}".encode()).digest()
    high = own.int >> _REPLACED_BITS << _REPLACED_BITS
    return UUID(int=high | int.from_bytes(digest[: _REPLACED_BITS // 8]))
