"""What administrators' rows make of the operator's servers of tools."""

from collections.abc import Iterable

import structlog

from providers.addresses import Network, Reach
from providers.errors import SecretUnreadable
from providers.models import ToolServer
from providers.secrets import unsealed
from providers.toolbox import ToolServerSpec

logger = structlog.get_logger(__name__)


def merged_tools(
    own: tuple[ToolServerSpec, ...], rows: Iterable[ToolServer], allowed: tuple[Network, ...]
) -> tuple[ToolServerSpec, ...]:
    """The operator's `own` servers with the rows; a row takes its name's place.

    One whose key cannot be decrypted is left out.
    """
    specs = {spec.name: spec for spec in own}
    for row in rows:
        try:
            specs[row.name] = _spec(row, allowed)
        except SecretUnreadable:
            specs.pop(row.name, None)
            logger.warning("tool_server_not_usable", server=row.name, hint="Set its key again.")
    return tuple(specs.values())


def _spec(row: ToolServer, allowed: tuple[Network, ...]) -> ToolServerSpec:
    return ToolServerSpec(
        name=row.name,
        url=row.url,
        api_key=unsealed(row.sealed_key) or None,
        roles=frozenset(row.roles),
        tools=frozenset(row.tools),
        reach=Reach(allowed),
    )
