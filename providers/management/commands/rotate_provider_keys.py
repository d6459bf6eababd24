"""Encrypts the stored keys of providers anew, with the first of PROVIDER_ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers.services import rotate_keys


class Command(BaseCommand):
    help = "Encrypt the keys of the providers in the admin site with the newest encryption key."

    def handle(self, *args: Any, **options: Any) -> None:
        rotated, lost = rotate_keys()
        self.stdout.write(f"Providers whose keys are encrypted anew: {rotated}.")
        if lost:
            raise CommandError(
                f"The keys of {', '.join(lost)} cannot be decrypted: put their encryption key back"
                " into PROVIDER_ENCRYPTION_KEYS, or enter the API keys again."
            )
