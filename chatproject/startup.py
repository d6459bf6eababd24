"""What the operator should know at start-up."""

import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)


# Their backends come later; until then the providers count as not configured.
_WITHOUT_BACKEND = ("ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MCP_SERVER_URL")


def warn_of_settings() -> None:
    """One line for each variable that is set and has no effect (G-6)."""
    config = settings.CONFIG
    early = [name for name in _WITHOUT_BACKEND if getattr(config, name) is not None]
    for name in (*config.ignored_variables, *early):
        logger.warning("setting_has_no_effect", variable=name)
