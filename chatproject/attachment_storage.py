"""Where attachments are stored: in a folder, unless the operator names another storage."""

from typing import Any

from chatproject.config import Config


def attachment_storage(config: Config) -> dict[str, Any]:
    """An entry of Django's `STORAGES`."""
    if config.CHAT_ATTACHMENTS_STORAGE_BACKEND is not None:
        return {"BACKEND": config.CHAT_ATTACHMENTS_STORAGE_BACKEND}
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": config.CHAT_ATTACHMENTS_STORAGE_DIR,
            # Nobody else on the machine has to read them.
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }
