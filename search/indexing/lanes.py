"""One lane of the outbox: taking changes, indexing them, and crossing them out."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from search import outbox
from search.errors import ModelUnavailable, StoreUnavailable
from search.indexing.syncing import Index, apply
from search.models import Change

logger = structlog.get_logger(__name__)

# The fault of none of the changes: they wait until it is over.
AWAY = (ModelUnavailable, StoreUnavailable, OperationalError, InterfaceError)


def work_off(lane: outbox.Lane, made: Callable[[], Index], *, most: int) -> int:
    """Index the oldest changes; gives how many were looked at. Raises one of AWAY.

    The index is made only where there is something to do.
    """
    if not outbox.has_due(lane):
        return 0
    index = made()
    try:
        return _work_off_together(lane, index, most)
    except (StoreUnavailable, OperationalError, InterfaceError):
        raise
    except Exception as error:  # whatever it is, the others should not suffer from it
        logger.info("indexing_each_alone", lane=lane.value, error=type(error).__name__)
        return _work_off_alone(lane, index, most)


def _work_off_together(lane: outbox.Lane, index: Index, most: int) -> int:
    with _held():
        changes = outbox.due(lane, most=most)
        if changes:
            _index(lane, index, changes)
    return len(changes)


def _work_off_alone(lane: outbox.Lane, index: Index, most: int) -> int:
    """A model that fails for the first two is away; one that fails for some does not like them."""
    with _held():
        ids = [change.id for change in outbox.due(lane, most=most)]
    failed: list[tuple[Change, Exception]] = []
    for number, id in enumerate(ids):
        failure = _work_off_one(lane, index, id)
        if failure is not None:
            failed.append(failure)
        is_first = number < 2 and len(failed) == min(2, len(ids))
        if is_first and isinstance(failed[-1][1], ModelUnavailable):
            raise failed[-1][1]
    for change, error in failed:
        logger.warning("indexing_failed", lane=lane.value, error=type(error).__name__)
        outbox.put_off(change, error)
    return len(ids)


def _work_off_one(lane: outbox.Lane, index: Index, id: int) -> tuple[Change, Exception] | None:
    """What has failed, and how. Raises what is nobody's fault."""
    change = None
    try:
        with _held():
            if (change := outbox.one_due(lane, id)) is not None:
                _index(lane, index, [change])
    except (StoreUnavailable, OperationalError, InterfaceError):
        raise
    except Exception as error:  # it is put down beside the change
        if change is None:
            raise
        return change, error
    return None


def _index(lane: outbox.Lane, index: Index, changes: Sequence[Change]) -> None:
    applied = apply(index, changes)
    with transaction.atomic():
        # Another index may have taken its place meanwhile, which knows nothing of this.
        if index.is_in_use():
            done = applied.settle()
            outbox.finish(lane, done)
            outbox.note_again([change for change in changes if change.id not in done])


def _held() -> AbstractContextManager[object]:
    """Locks rows where there are such locks; SQLite has one lock for all, which is not kept."""
    locks_rows = connection.features.has_select_for_update_skip_locked
    return transaction.atomic() if locks_rows else nullcontext()
