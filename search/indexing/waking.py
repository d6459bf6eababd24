"""Telling the indexers of this process that there is something to do."""

import threading

_waiting: set[threading.Event] = set()


def wake() -> None:
    for event in list(_waiting):
        event.set()


def register(event: threading.Event) -> None:
    _waiting.add(event)


def unregister(event: threading.Event) -> None:
    _waiting.discard(event)
