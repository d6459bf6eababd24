"""How events are written to the database, and read back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from conversations.models import TurnPage
from conversations.turns.events import TurnEvent, text_of

_decoder = msgspec.json.Decoder(list[TurnEvent])
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Page:
    """Events of one turn, the first of which has the number `first_seq`."""

    turn_id: UUID
    first_seq: int
    events: Sequence[TurnEvent]


def store(pages: Sequence[Page]) -> None:
    """Write the pages in one statement.

    A page whose confirmation was lost may come again, with the same start and more events.
    """
    TurnPage.objects.bulk_create(
        [_row(page) for page in pages],
        update_conflicts=True,
        unique_fields=["turn", "first_seq"],
        update_fields=["last_seq", "events"],
    )


def read(turn_id: UUID, *, after: int) -> list[TurnEvent]:
    """The stored events with numbers above `after`, without a gap."""
    rows = TurnPage.objects.filter(turn_id=turn_id, first_seq__gt=after).order_by("first_seq")
    events: list[TurnEvent] = []
    for first_seq, data in rows.values_list("first_seq", "events"):
        if first_seq != after + len(events) + 1:
            break
        events.extend(_decoder.decode(bytes(data)))
    return events


def stored_text(turn_id: UUID) -> str:
    """As much of the answer as the pages hold."""
    return "".join(text_of(event) for event in read(turn_id, after=0))


def _row(page: Page) -> TurnPage:
    return TurnPage(
        turn_id=page.turn_id,
        first_seq=page.first_seq,
        last_seq=page.first_seq + len(page.events) - 1,
        events=_encoder.encode(page.events),
    )
