"""`manage.py run_indexer`: keeps the indexes up to date for any number of servers."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from search.errors import StoreUnavailable
from search.indexing import process
from search.meaning import take_place
from search.outbox import Lane


class Command(BaseCommand):
    help = (
        "Index what is said, beside servers with several workers. Any number of these may run:"
        " with PostgreSQL they share the work."
    )

    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CHAT_SEARCH_ENABLED:
            raise CommandError("CHAT_SEARCH_ENABLED is false: there is nothing to index.")
        try:
            take_place()
        except StoreUnavailable as error:
            raise CommandError(str(error)) from error
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        process.start(*Lane)
        self.stdout.write("Indexing; stop it with Ctrl-C.")
        stopping.wait()
        process.stop()
