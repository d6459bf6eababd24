"""Who is asking, as everything behind the door sees it."""

from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from accounts.models import ADMIN_ROLE, ApiKey, User


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `workspace` is the key under which the caller's rows are kept.

    `user_id` is None for callers without an account, `key_id` for all but API keys. An empty
    `allowed_models` allows every model, and so do the empty lists of products and agents.
    """

    kind: Literal["anonymous", "shared_key", "user"]
    workspace: str
    user_id: UUID | None = None
    key_id: UUID | None = None
    is_admin: bool = False
    roles: frozenset[str] = frozenset()
    allowed_products: tuple[str, ...] = ()
    allowed_agents: tuple[str, ...] = ()
    allowed_models: tuple[str, ...] = ()


ANONYMOUS = Caller(kind="anonymous", workspace="anonymous")
SHARED_KEY = Caller(kind="shared_key", workspace="shared-key")


def user_caller(user: User) -> Caller:
    return Caller(
        kind="user",
        workspace=f"user:{user.id}",
        user_id=user.id,
        is_admin=user.is_admin,
        roles=frozenset(user.roles),
        allowed_products=tuple(user.allowed_products),
        allowed_agents=tuple(user.allowed_agents),
    )


def key_caller(key: ApiKey) -> Caller:
    """The key's user, with no more rights than a program needs: never an administrator."""
    return replace(
        user_caller(key.user),
        key_id=key.id,
        is_admin=False,
        roles=frozenset(key.user.roles) - {ADMIN_ROLE},
        allowed_models=tuple(key.allowed_models),
    )
