"""Servers of tools that administrators have added."""

from ipaddress import ip_network
from typing import Any

import pytest

from accounts.models import User
from providers.models import ToolServer
from providers.secrets import unsealed
from providers.services import rotate_keys, set_key
from providers.tool_rows import merged_tools
from providers.toolbox import Toolbox, ToolServerSpec
from tests.accounts.admin_pages import administrator, page, sent
from tests.mcp_server import served

pytestmark = pytest.mark.django_db

LIST = "/admin/providers/toolserver/"
KEY = "a-key-that-nobody-is-to-see-wxyz"
OWN = (ToolServerSpec("files", "http://127.0.0.1:9/mcp"), ToolServerSpec("web", "http://x/mcp"))


@pytest.fixture(autouse=True)
def operators(settings: Any) -> None:
    settings.PROVIDER_ENCRYPTION_KEYS = ("k" * 32,)
    settings.PROVIDER_PRIVATE_NETWORKS = ()


@pytest.fixture
def ada() -> User:
    return administrator()


def form(**fields: Any) -> dict[str, Any]:
    return {"name": "box", "url": "https://1.1.1.1/mcp", "is_enabled": "on", **fields}


def added(by: User, **fields: Any) -> ToolServer:
    response = sent(f"{LIST}add/", by, form(**fields))
    assert response.status_code == 302, response.content.decode()
    return ToolServer.objects.get()


def test_one_is_added_and_its_key_is_not_shown_again(ada: User) -> None:
    row = added(ada, api_key=KEY, roles="staff, staff", tools="read")
    assert (row.roles, row.tools, unsealed(row.sealed_key)) == (["staff"], ["read"], KEY)
    assert KEY not in row.sealed_key
    shown = page(f"{LIST}{row.pk}/change/", ada)
    assert KEY not in shown and "ends in …wxyz" in shown


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"url": "http://127.0.0.1/mcp"}, "private network"),
        ({"url": "ftp://1.1.1.1/"}, "url"),
        ({"name": "two words"}, "name"),
        ({"api_key": "two words"}, "no spaces"),
    ],
)
def test_what_would_not_work_is_refused(ada: User, fields: dict[str, str], fault: str) -> None:
    response = sent(f"{LIST}add/", ada, form(**fields))
    assert response.status_code == 200 and fault in response.content.decode()
    assert not ToolServer.objects.exists()


def test_a_key_does_not_follow_to_another_address(ada: User) -> None:
    row = added(ada, api_key=KEY)
    change = f"{LIST}{row.pk}/change/"
    assert "Enter it again" in sent(change, ada, form(url="https://1.0.0.1/mcp")).content.decode()
    assert sent(change, ada, form(url="https://1.1.1.1/other")).status_code == 302


def test_a_row_takes_its_names_place_and_one_without_its_key_is_left_out(settings: Any) -> None:
    row = ToolServer(name="files", url="https://1.1.1.1/mcp", tools=["read"])
    set_key(row, KEY)
    specs = {spec.name: spec for spec in merged_tools(OWN, [row], ())}
    assert specs["files"].api_key == KEY
    assert specs["files"].tools == frozenset({"read"})
    assert specs["files"].reach is not None and specs["web"].reach is None
    settings.PROVIDER_ENCRYPTION_KEYS = ("another" * 8,)
    assert [spec.name for spec in merged_tools(OWN, [row], ())] == ["web"]


def test_its_key_is_rotated_with_the_others(settings: Any) -> None:
    row = ToolServer(name="files", url="https://1.1.1.1/mcp")
    set_key(row, KEY)
    row.save()
    settings.PROVIDER_ENCRYPTION_KEYS = ("new" * 16, "k" * 32)
    assert rotate_keys() == (1, [])
    settings.PROVIDER_ENCRYPTION_KEYS = ("new" * 16,)
    assert unsealed(ToolServer.objects.get().sealed_key) == KEY


async def test_a_toolbox_goes_on_with_what_has_not_changed() -> None:
    with served("answer") as world:
        kept, gone = ToolServerSpec("kept", world.url), ToolServerSpec("gone", world.url)
        box = Toolbox((kept, gone))
        assert set(await box.offered(frozenset())) == {"kept__answer", "gone__answer"}
        before = box._servers["kept"]
        out_of_use = box.replace((kept, ToolServerSpec("new", world.url)))
        assert box._servers["kept"] is before and len(out_of_use) == 1
        assert set(await box.offered(frozenset())) == {"kept__answer", "new__answer"}
        await box.aclose()
        await out_of_use[0].aclose()


async def test_a_row_reaches_no_private_address_unless_the_operator_says_so() -> None:
    with served("answer") as world:
        row = ToolServer(name="box", url=world.url)
        refused = Toolbox(merged_tools((), [row], ()))
        assert await refused.offered(frozenset()) == {}
        allowed = Toolbox(merged_tools((), [row], (ip_network("127.0.0.0/8"),)))
        assert set(await allowed.offered(frozenset())) == {"box__answer"}
        await refused.aclose()
        await allowed.aclose()
