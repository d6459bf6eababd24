"""`manage.py export_user`: everything that a user owns, as a file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand

from conversations.management.owners import owner_named
from conversations.portable.writing import Export


class Command(BaseCommand):
    help = "Write everything that a user owns as JSON lines, deleted conversations included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--output", default="-", help="a file, or - for stdout (the default)")

    def handle(self, *args: Any, **options: Any) -> None:
        export = Export(owner_named(options["username"]), options["username"])
        if options["output"] == "-":
            _write(export, sys.stdout.buffer)
            return
        path = Path(options["output"])
        # Under its name only when it is whole; nobody else has to read it.
        partial = path.with_name(f"{path.name}.part")
        partial.touch(mode=0o600)
        with partial.open("wb") as file:
            _write(export, file)
        partial.replace(path)


def _write(export: Export, file: IO[bytes]) -> None:
    while (page := export.next_page()) is not None:
        file.writelines(page.pieces())
    file.flush()
