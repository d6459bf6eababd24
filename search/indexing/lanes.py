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


def work_off(lane: outbox.Lane, index: Callable[[], Index], *, most: int) -> int:
    """Index the oldest changes; gives how many were looked at. Raises one of AWAY."""
    try:
        return _work_off_together(lane, index, most)
    except AWAY:
        raise
    except Exception as error:  # whatever it is, the others should not suffer from it
        logger.info("indexing_each_alone", lane=lane.value, error=type(error).__name__)
        return _work_off_alone(lane, index, most)


def _work_off_together(lane: outbox.Lane, index: Callable[[], Index], most: int) -> int:
    with _held():
        changes = outbox.due(lane, most=most)
        if changes:
            _index(lane, index(), changes)
    return len(changes)


def _work_off_alone(lane: outbox.Lane, index: Callable[[], Index], most: int) -> int:
    with _held():
        ids = [change.id for change in outbox.due(lane, most=most)]
    for id in ids:
        _work_off_one(lane, index, id)
    return len(ids)


def _work_off_one(lane: outbox.Lane, index: Callable[[], Index], id: int) -> None:
    change = None
    try:
        with _held():
            if (change := outbox.one_due(lane, id)) is not None:
                _index(lane, index(), [change])
    except AWAY:
        raise
    except Exception as error:  # it is put down beside the change
        if change is None:
            raise
        logger.warning("indexing_failed", lane=lane.value, error=type(error).__name__)
        outbox.put_off(change, error)


def _index(lane: outbox.Lane, index: Index, changes: Sequence[Change]) -> None:
    applied = apply(index, changes)
    with transaction.atomic():
        outbox.finish(lane, applied.still_true())


def _held() -> AbstractContextManager[object]:
    """Locks rows where there are such locks; SQLite has one lock for all, which is not kept."""
    locks_rows = connection.features.has_select_for_update_skip_locked
    return transaction.atomic() if locks_rows else nullcontext()
