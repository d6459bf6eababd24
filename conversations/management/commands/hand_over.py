"""`manage.py hand_over`: conversations that nobody's account has become a user's."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.callers import ANONYMOUS, SHARED_KEY
from conversations.management.owners import owner_named
from conversations.services import hand_over

_NOBODYS = {"anonymous": ANONYMOUS, "shared-key": SHARED_KEY}


class Command(BaseCommand):
    help = "Give a user all conversations of another, or those made without an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("giver", help=f"a username, or one of: {', '.join(_NOBODYS)}")
        parser.add_argument("receiver", help="a username")

    def handle(self, *args: Any, **options: Any) -> None:
        named = options["giver"]
        giver = _NOBODYS[named] if named in _NOBODYS else owner_named(named)
        number = hand_over(giver, owner_named(options["receiver"]))
        self.stdout.write(f"{number} conversations handed over.")
