"""What the operator should know at start-up."""

import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)


def warn_of_settings() -> None:
    """One line for each variable that is set and has no effect (G-6)."""
    for name in settings.CONFIG.ignored_variables:
        logger.warning("setting_has_no_effect", variable=name)
