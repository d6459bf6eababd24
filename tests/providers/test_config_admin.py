"""Providers on the admin site: what is refused, what is shown, and what is written down."""

import json
from ipaddress import ip_network
from typing import Any

import pytest
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest

from accounts.models import User
from providers.admin_configs import ProviderConfigAdmin
from providers.models import ProviderConfig
from providers.rows import headers_of
from providers.secrets import unsealed
from tests.accounts.admin_pages import administrator, opened, page, sent
from tests.mcp_server import served
from tests.providers.rows import KEY, OWN, row

pytestmark = pytest.mark.django_db

LIST = "/admin/providers/providerconfig/"
ADD = f"{LIST}add/"
URL = "https://1.1.1.1/v1"
GATE = {"X-Gate": "Bearer a-secret-of-the-gate"}


@pytest.fixture(autouse=True)
def operators(settings: Any) -> None:
    settings.PROVIDERS = OWN
    settings.PROVIDER_ENCRYPTION_KEYS = ("k" * 32,)
    settings.PROVIDER_PRIVATE_NETWORKS = ()


@pytest.fixture
def ada() -> User:
    return administrator()


def form(**fields: Any) -> dict[str, Any]:
    given = {"name": "mine", "backend": "openai-compatible", "base_url": URL, "is_enabled": "on"}
    return {name: value for name, value in {**given, **fields}.items() if value is not None}


def saved(path: str, by: User, **fields: Any) -> ProviderConfig:
    response = sent(path, by, form(**fields))
    assert response.status_code == 302, response.content.decode()
    return ProviderConfig.objects.get(name=fields.get("name", "mine"))


def refusal(path: str, by: User, **fields: Any) -> str:
    response = sent(path, by, form(**fields))
    assert response.status_code == 200
    return response.content.decode()


def change(one: ProviderConfig) -> str:
    return f"{LIST}{one.pk}/change/"


def test_a_provider_is_added_with_its_key_encrypted_and_never_shown_again(ada: User) -> None:
    mine = saved(ADD, ada, api_key=f" {KEY} ", headers="X-Gate: " + GATE["X-Gate"])
    assert unsealed(mine.sealed_key) == KEY
    assert headers_of(mine) == GATE
    shown = page(change(mine), ada) + page(LIST, ada)
    assert "ends in …wxyz" in shown
    assert "Set: X-Gate" in shown
    for secret in (KEY, mine.sealed_key, GATE["X-Gate"], "secret-of-the-gate"):
        assert secret not in shown


def test_a_key_stays_when_the_field_is_empty_and_goes_when_it_is_told_to(ada: User) -> None:
    mine = saved(ADD, ada, api_key=KEY, headers="X-Gate: 1")
    mine = saved(change(mine), ada, retries="3")
    assert (unsealed(mine.sealed_key), mine.retries) == (KEY, 3)
    mine = saved(change(mine), ada, api_key="another")
    assert unsealed(mine.sealed_key) == "another"
    mine = saved(change(mine), ada, forget_key="on", forget_headers="on")
    assert (mine.sealed_key, mine.sealed_headers) == ("", "")


def test_the_end_of_a_short_key_is_not_shown(ada: User) -> None:
    mine = saved(ADD, ada, api_key="short-abcd")
    assert "abcd" not in page(change(mine), ada)


def test_a_key_that_was_entered_for_one_address_is_not_sent_to_another(ada: User) -> None:
    mine = saved(ADD, ada, api_key=KEY)
    assert "Enter it again" in refusal(change(mine), ada, base_url="https://8.8.8.8/v1")
    assert "Enter it again" in refusal(change(mine), ada, base_url="http://1.1.1.1/v1")
    mine = saved(change(mine), ada, base_url="https://1.1.1.1/v2")
    mine = saved(change(mine), ada, base_url="https://8.8.8.8/v1", api_key="new")
    assert unsealed(mine.sealed_key) == "new"


def test_the_history_names_fields_and_no_value(ada: User) -> None:
    mine = saved(ADD, ada, api_key=KEY)
    saved(change(mine), ada, api_key=f"{KEY}2", headers="X-Gate: " + GATE["X-Gate"])
    entries = LogEntry.objects.order_by("pk")
    assert [entry.action_flag for entry in entries] == [1, 2]
    written = "".join(f"{entry.object_repr} {entry.change_message}" for entry in entries)
    assert "API key" in written
    assert KEY not in written
    assert GATE["X-Gate"] not in written
    assert KEY not in page(f"{LIST}{mine.pk}/history/", ada)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"base_url": "http://127.0.0.1:11434"}, "PROVIDER_PRIVATE_NETWORKS"),
        ({"base_url": "http://localhost/v1"}, "PROVIDER_PRIVATE_NETWORKS"),
        ({"base_url": "http://169.254.169.254/latest"}, "PROVIDER_PRIVATE_NETWORKS"),
        ({"base_url": "http://0x7f000001/"}, "four decimal numbers"),
        ({"base_url": "https://me:secret@1.1.1.1/"}, "user name and password"),
        ({"base_url": "file:///etc/passwd"}, "http://"),
        ({"base_url": None}, "Set its address, or disable it."),
        ({"name": "a/b"}, "A name has letters"),
        ({"name": "demo"}, "The provider demo is the demo."),
        ({"backend": "openai"}, "Set its API key, or disable it."),
        ({"backend": "mcp", "default_model": "x"}, "takes none"),
        ({"backend": "demo"}, "takes none"),
        ({"backend": "scripted"}, "Select a valid choice"),
        ({"api_key": "two words"}, "A key has no spaces"),
        ({"headers": "Host: elsewhere"}, "cannot be changed"),
        ({"headers": "no colon"}, "Line 1 is not of the form"),
        ({"headers": "X-A: 1\nX-B: \x01"}, "Line 2 is not of the form"),
        ({"fallbacks": "nobody/x"}, "no provider &#x27;nobody&#x27;"),
        ({"idle": "0"}, "greater than or equal to 0.1"),
        ({"places": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form(fields: Any, said: str, ada: User) -> None:
    assert said in refusal(ADD, ada, **fields)
    assert not ProviderConfig.objects.exists()


def test_a_private_network_that_is_allowed_may_be_named(ada: User, settings: Any) -> None:
    settings.PROVIDER_PRIVATE_NETWORKS = (ip_network("127.0.0.0/8"),)
    assert saved(ADD, ada, base_url="HTTP://127.0.0.1:11434/").base_url == "http://127.0.0.1:11434"


def test_a_row_without_an_order_takes_the_place_of_the_built_in_provider(ada: User) -> None:
    mine = saved(ADD, ada, name="openai-compatible", order=None)
    assert mine.order == 20


def test_one_that_is_broken_can_still_be_disabled(ada: User, settings: Any) -> None:
    mine = saved(ADD, ada, api_key=KEY)
    settings.PROVIDER_ENCRYPTION_KEYS = ("another" * 8,)
    assert "cannot be decrypted" in page(change(mine), ada)
    assert "set its API key again" in page(LIST, ada)
    assert not saved(change(mine), ada, is_enabled=None).is_enabled


def act(action: str, by: User, *rows: ProviderConfig) -> None:
    fields = {"action": action, "_selected_action": [each.pk for each in rows], "index": "0"}
    assert sent(LIST, by, fields).status_code == 302


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that actions leave for the next page."""
    heard: list[str] = []

    def hear(admin: ProviderConfigAdmin, request: HttpRequest, message: str, level: int) -> None:
        heard.append(message)

    monkeypatch.setattr(ProviderConfigAdmin, "message_user", hear)
    return heard


def test_rows_are_enabled_and_disabled_from_the_list_and_that_is_written_down(
    ada: User, told: list[str]
) -> None:
    mine, other = (row(name, base_url=URL) for name in ("mine", "other"))
    mine.save()
    other.save()
    before = mine.updated_at
    act("disable_all", ada, mine, other)
    mine.refresh_from_db()
    assert (mine.is_enabled, mine.updated_at > before) == (False, True)
    act("enable_all", ada, mine)
    assert told == ["Disabled: 2.", "Enabled: 1."]
    said = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert said == ["Disabled.", "Disabled.", "Enabled."]


def test_a_provider_is_asked_something_and_the_answer_or_the_error_is_shown(
    ada: User, told: list[str], settings: Any
) -> None:
    mine = row("mine", "demo", is_enabled=False)
    inside = row("inside", base_url="http://127.0.0.1:9/v1", key=KEY)
    broken = row("broken")
    for each in (mine, inside, broken):
        each.save()
    act("ask", ada, mine, inside, broken)
    said = {text.partition(" ")[0].rstrip(":"): text for text in told}
    assert "answered in" in said["mine"] and "demo provider" in said["mine"]
    assert "PROVIDER_PRIVATE_NETWORKS" in said["inside"]
    assert "Set its address" in said["broken"]
    assert KEY not in json.dumps(told)


def test_an_mcp_server_can_be_asked(ada: User, told: list[str], settings: Any) -> None:
    settings.PROVIDER_PRIVATE_NETWORKS = (ip_network("127.0.0.0/8"),)
    with served("chat") as world:
        mine = row("tools", "mcp", base_url=world.url)
        mine.save()
        act("ask", ada, mine)
    assert "tools answered in" in told[0]


def test_hidden_columns_cannot_be_searched(ada: User) -> None:
    row(key=KEY).save()
    with pytest.raises(DisallowedModelAdminLookup):
        opened(f"{LIST}?sealed_key__startswith=g", ada)


def test_only_administrators_come_here() -> None:
    eve = User.objects.create(username="eve", password="!")
    assert [opened(path, eve).status_code for path in (LIST, ADD)] == [302, 302]
