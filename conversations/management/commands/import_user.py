"""`manage.py import_user`: a file of `export_user`, or ChatGPT's, into a user's rows."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.callers import Caller
from conversations.management.owners import owner_named
from conversations.portable.errors import NotAnExport
from conversations.portable.filing import drop_unused, kept_files
from conversations.portable.reading import Reader
from conversations.portable.report import Report
from conversations.portable.storing import store


class Command(BaseCommand):
    help = "Store what stands in a Parley export or in ChatGPT's conversations.json, of any size."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        caller = owner_named(options["username"])
        try:
            report = _imported(caller, options["file"])
        except (OSError, NotAnExport) as error:
            raise CommandError(str(error)) from error
        self._show(report)
        if report.refused:
            sys.exit(1)

    def _show(self, report: Report) -> None:
        for outcome in report.items:
            if outcome.reason is not None or outcome.result != "unchanged":
                words = (outcome.type, outcome.id, outcome.result, outcome.reason)
                self.stdout.write(f"line {outcome.line}: {' '.join(filter(None, words))}")
        for kind, counts in report.counts.items():
            self.stdout.write(f"{kind}: {json.dumps(dict(counts))}")
        if not report.is_complete:
            self.stdout.write("The file was cut: its end is missing. Import the whole file again.")


def _imported(caller: Caller, path: Path) -> Report:
    report = Report()
    with path.open("rb") as file:
        reader = Reader(file, report)
        while (batch := reader.next_batch()) is not None:
            files = kept_files(batch)
            outcomes = store(caller, batch, files)
            drop_unused(files, outcomes)
            report.add(outcomes)
    return report
