"""What the indexes have still to hear of: one row for each change and lane."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from conversations.models import Conversation, Message
from search.models import Change, Gap, VectorIndex, WordDocument

Lane = Change.Lane
MOST_ATTEMPTS = 6
MOST_COUNTED = 10_000
# In the place of a workspace, for all of them; the conversation is then the last one noted.
EVERYTHING = "*"
_BEFORE_ALL = UUID(int=0)
_STEP = 500
_LONGEST_PAUSE = 600.0
_LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a lane has still to do, counted to MOST_COUNTED; `lag` is the age of its oldest change.

    In seconds.
    """

    pending: int
    set_aside: int
    lag: float


def note(
    conversation_id: UUID,
    sources: Sequence[UUID] = (),
    *,
    workspace: str = "",
    lanes: Iterable[Lane] = tuple(Lane),
) -> None:
    """Within the caller's transaction; without sources all of the conversation is meant."""
    Change.objects.bulk_create(
        Change(lane=lane, workspace=workspace, conversation_id=conversation_id, source_id=source)
        for lane in lanes
        for source in (*sources,) or (None,)
    )


def note_new(lane: Lane, conversation_id: UUID, sources: Sequence[UUID]) -> None:
    """But for what is noted already, so that whoever deletes and restores cannot pile them up.

    In steps, because SQLite has one lock for all.
    """
    noted = waiting(lane).filter(conversation_id=conversation_id, source_id__isnull=False)
    known = set(noted.values_list("source_id", flat=True))
    new = [source for source in sources if source not in known]
    for start in range(0, len(new), _STEP):
        note(conversation_id, new[start : start + _STEP], lanes=[lane])


def drop_same(change: Change) -> None:
    """Later ones that say the same of all the conversation: this one reads what they speak of."""
    same = waiting(Lane(change.lane)).filter(
        conversation_id=change.conversation_id, source_id=None, workspace=change.workspace
    )
    same.filter(id__gt=change.id).delete()


def note_everything(lane: Lane) -> None:
    """All conversations there are, as when an index is new; see `go_through`."""
    Change.objects.create(lane=lane, workspace=EVERYTHING, conversation_id=_BEFORE_ALL)


def go_through(change: Change) -> bool:
    """Note the next conversations of a change that speaks of everything; whether it is done."""
    rows = Conversation.objects.filter(id__gt=change.conversation_id).order_by("id")
    ids = list(rows.values_list("id", flat=True)[:_STEP])
    Change.objects.bulk_create(Change(lane=change.lane, conversation_id=id) for id in ids)
    if ids:
        Change.objects.filter(id=change.id).update(conversation_id=ids[-1])
    return not ids


def due(lane: Lane, *, most: int) -> list[Change]:
    """The oldest first. Where the database can lock them, nobody else gets them meanwhile."""
    return list(_due(lane)[:most])


def has_due(lane: Lane) -> bool:
    return waiting(lane).filter(due_at__lte=timezone.now()).exists()


def note_again(changes: Sequence[Change]) -> None:
    """Those that somebody else has crossed out in the meantime."""
    still = set(Change.objects.filter(id__in=[c.id for c in changes]).values_list("id", flat=True))
    for change in changes:
        if change.id not in still:
            change.id = None
            change.save(force_insert=True)


def one_due(lane: Lane, id: int) -> Change | None:
    """None where somebody else has it, or had it."""
    return _due(lane).filter(id=id).first()


def waiting(lane: Lane) -> QuerySet[Change]:
    return Change.objects.filter(lane=lane, set_aside_at=None, done_at=None)


def finish(lane: Lane, ids: Collection[int]) -> None:
    """They are done; an index that is being built still has to hear of them."""
    rows = Change.objects.filter(id__in=ids)
    if lane == Lane.VECTORS and _is_building():
        rows.update(done_at=timezone.now())
    else:
        rows.delete()


def put_off(change: Change, error: Exception) -> None:
    """Try again later, twice as late each time; after the last attempt a person has to look."""
    attempts = change.attempts + 1
    # One of several that say the same is enough: whatever it is about is read when it is tried.
    same = waiting(Lane(change.lane)).filter(
        conversation_id=change.conversation_id, source_id=change.source_id
    )
    same.filter(id__gt=change.id, workspace=change.workspace).delete()
    now = timezone.now()
    Change.objects.filter(id=change.id).update(
        attempts=attempts,
        error=_told(error),
        due_at=now + dt.timedelta(seconds=min(2.0**attempts, _LONGEST_PAUSE)),
        set_aside_at=now if attempts >= MOST_ATTEMPTS else None,
    )


def try_again(changes: QuerySet[Change]) -> int:
    """Of those that were set aside; gives their number."""
    return changes.exclude(set_aside_at=None).update(
        set_aside_at=None, attempts=0, due_at=timezone.now()
    )


def replay() -> None:
    """What was done while an index was being built, for that one to hear; it is active now."""
    Change.objects.filter(lane=Lane.VECTORS).exclude(done_at=None).update(done_at=None)


def forget_kept() -> None:
    """No index is being built any more."""
    if not _is_building():
        Change.objects.filter(lane=Lane.VECTORS).exclude(done_at=None).delete()


def backlog(lane: Lane) -> Backlog:
    rows = waiting(lane).order_by("id")
    oldest = rows.values_list("created_at", flat=True).first()
    aside = Change.objects.filter(lane=lane, set_aside_at__isnull=False).count()
    lag = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    return Backlog(rows[:MOST_COUNTED].count(), aside, max(0.0, lag))


def note_pause() -> None:
    """Search is off: what is stored from now on is not noted."""
    if not Gap.objects.exists():
        Gap.objects.create()


@transaction.atomic
def catch_up() -> None:
    """Search is on again: everything could have changed meanwhile, or be gone."""
    deleted, _ = Gap.objects.all().delete()
    if not deleted:
        return
    for lane in Lane:
        note_everything(lane)
    gone = orphans().values_list("conversation_id", "source_id", "workspace")
    for conversation_id, source_id, workspace in gone:
        note(conversation_id, [source_id], workspace=workspace)


def orphans() -> QuerySet[WordDocument]:
    """Documents of what is deleted, or not there any more."""
    conversations = Conversation.objects.filter(id=OuterRef("conversation_id"), deleted_at=None)
    messages = Message.objects.filter(id=OuterRef("message_id"))
    is_message = Q(message_id__isnull=False)
    return WordDocument.objects.filter(~Exists(conversations) | is_message & ~Exists(messages))


def set_aside(lane: Lane, conversation_id: UUID, source_id: UUID, error: Exception) -> None:
    """At once: to try it again would be of no use."""
    Change.objects.create(
        lane=lane,
        conversation_id=conversation_id,
        source_id=source_id,
        attempts=MOST_ATTEMPTS,
        error=_told(error),
        set_aside_at=timezone.now(),
    )


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]


def _due(lane: Lane) -> QuerySet[Change]:
    rows = waiting(lane).filter(due_at__lte=timezone.now()).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return rows


def _is_building() -> bool:
    return VectorIndex.objects.filter(status=VectorIndex.Status.BUILDING).exists()
