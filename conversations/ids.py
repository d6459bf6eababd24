"""Ids that sort by the time they were made."""

import datetime as dt
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562); those of one process sort in the order they were made."""
    return uuid7()


def time_of(made: UUID) -> dt.datetime:
    """When an id was made, to the millisecond."""
    return dt.datetime.fromtimestamp((made.int >> 80) / 1000, dt.UTC)
