"""Providers' keys, encrypted in the database, and what happens when the encryption key changes."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from providers.errors import SecretUnreadable
from providers.models import ProviderConfig
from providers.rows import LOST_KEY, headers_of, usable_spec
from providers.secrets import sealed, unsealed
from providers.system_checks import check_rows
from tests.providers.rows import KEY, OWN, row

OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture(autouse=True)
def encryption_keys(settings: Any) -> None:
    settings.PROVIDER_ENCRYPTION_KEYS = (OLD,)


def test_what_is_stored_says_nothing_and_is_never_twice_the_same() -> None:
    assert KEY not in sealed(KEY)
    assert sealed(KEY) != sealed(KEY)
    assert unsealed(sealed(KEY)) == KEY
    assert unsealed(sealed("")) == sealed("") == ""


def test_a_newer_key_is_put_before_the_older_one(settings: Any) -> None:
    settings.SECRET_KEY = "of this server"
    token = sealed(KEY)
    settings.PROVIDER_ENCRYPTION_KEYS = (NEW, OLD)
    assert unsealed(token) == KEY
    newer = sealed(KEY)
    settings.PROVIDER_ENCRYPTION_KEYS = (NEW,)
    assert unsealed(newer) == KEY
    with pytest.raises(SecretUnreadable, match="PROVIDER_ENCRYPTION_KEYS"):
        unsealed(token)


def test_without_a_setting_the_secret_key_encrypts_and_goes_on_decrypting(settings: Any) -> None:
    settings.SECRET_KEY = "of this server"
    settings.PROVIDER_ENCRYPTION_KEYS = ()
    token = sealed(KEY)
    settings.PROVIDER_ENCRYPTION_KEYS = (NEW,)
    assert unsealed(token) == KEY
    settings.SECRET_KEY = "of another server"
    with pytest.raises(SecretUnreadable):
        unsealed(token)


@pytest.mark.django_db
def test_the_command_encrypts_all_rows_with_the_newest_key(settings: Any) -> None:
    row(key=KEY, headers={"X-Gate": KEY}).save()
    row("bare").save()
    settings.PROVIDER_ENCRYPTION_KEYS = (NEW, OLD)
    call_command("rotate_provider_keys", stdout=(said := StringIO()))
    assert "anew: 1." in said.getvalue()
    settings.PROVIDER_ENCRYPTION_KEYS = (NEW,)
    stored = ProviderConfig.objects.get(name="mine")
    assert (unsealed(stored.sealed_key), headers_of(stored)) == (KEY, {"X-Gate": KEY})


@pytest.mark.django_db
def test_a_lost_key_is_named_and_does_not_keep_the_others_from_being_rotated(
    settings: Any,
) -> None:
    row("lost", key=KEY).save()
    settings.PROVIDER_ENCRYPTION_KEYS = (NEW,)
    row("good", key=KEY).save()
    settings.PROVIDER_ENCRYPTION_KEYS = ("m" * 32, NEW)
    with pytest.raises(CommandError, match="lost"):
        call_command("rotate_provider_keys", stdout=StringIO())
    settings.PROVIDER_ENCRYPTION_KEYS = ("m" * 32,)
    rows = {each.name: each for each in ProviderConfig.objects.all()}
    assert unsealed(rows["good"].sealed_key) == KEY
    assert usable_spec(rows["lost"], OWN, ()).missing == LOST_KEY
    (warning,) = check_rows(databases=["default"])
    assert "'lost'" in warning.msg


@pytest.mark.django_db
def test_a_check_warns_of_keys_beside_their_encryption_key(settings: Any) -> None:
    settings.PROVIDER_ENCRYPTION_KEYS = ()
    assert check_rows(databases=["default"]) == []
    row(key=KEY).save()
    assert [warning.id for warning in check_rows(databases=["default"])] == ["providers.W002"]
    assert check_rows(databases=None) == []
    settings.SECRET_KEY = "an operator's own"
    assert [warning.id for warning in check_rows(databases=["default"])] == ["providers.W001"]
