"""Whose rows a command moves."""

from dataclasses import replace

from django.core.management.base import CommandError

from accounts.callers import Caller, user_caller
from accounts.models import User


def owner_named(username: str) -> Caller:
    """The user, without the lists that limit what they may see; raises CommandError."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username!r}")
    return replace(user_caller(user), allowed_products=(), allowed_agents=())
