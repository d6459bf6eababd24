"""What the operator should know at start-up."""

import structlog
from django.conf import settings

from chatproject.provider_settings import installed_providers

logger = structlog.get_logger(__name__)


def warn_of_settings() -> None:
    """One line for each variable that has no effect (G-6), and for each unusable provider."""
    for name in settings.CONFIG.ignored_variables:
        logger.warning("setting_has_no_effect", variable=name)
    for provider in installed_providers().unusable:
        logger.warning("provider_left_out", provider=provider.name, reason=provider.reason)
