"""What an administrator's row makes of the providers that the operator has set up."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from providers.addresses import Reach
from providers.registry import ProviderSpec, Registry
from providers.rows import DISABLED, LOST_KEY, NO_ADDRESS, NO_BACKEND, NO_KEY, merged
from providers.types import Handling, Limits
from tests.providers.rows import KEY, OPERATORS, OWN, row

URL = "https://models.example.org/v1"


@pytest.fixture(autouse=True)
def encryption_keys(settings: Any) -> None:
    settings.PROVIDER_ENCRYPTION_KEYS = ("k" * 32,)
    settings.SECRET_KEY = "of this server"


def spec(*rows: Any, name: str = "mine") -> ProviderSpec:
    return merged(OWN, rows, ())[name]


def test_a_row_adds_a_provider_of_its_own_name() -> None:
    found = spec(row(base_url=URL, key=KEY, default_model="big", idle=9.0))
    assert found.missing is None
    assert found.options == {
        "base_url": URL,
        "api_key": KEY,
        "model": "big",
        "limits": Limits(idle=9.0, reach=Reach()),
    }
    assert Registry({"mine": found}).get("mine").name == "mine"


def test_what_a_row_leaves_out_is_the_operators() -> None:
    found = spec(row("eu", "openai", default_model="big"), name="eu")
    assert found.options["api_key"] == OPERATORS
    assert found.options["model"] == "big"
    assert found.options["limits"].reach is None


def test_the_operators_key_never_goes_to_an_address_of_a_row() -> None:
    found = spec(row("openai", "openai", base_url=URL), name="openai")
    assert OPERATORS not in found.options.values()
    assert found.missing == NO_KEY


def test_a_row_takes_the_place_of_a_built_in_provider_of_its_name() -> None:
    mine = row("openai", "openai", key=KEY, order=10)
    specs = merged(OWN, [mine], ())
    assert list(specs) == list(OWN)
    assert specs["openai"].options["api_key"] == KEY


def test_rows_stand_where_their_order_says_and_before_the_demo() -> None:
    rows = [row("b", order=100), row("a", order=5), row("c", order=2000)]
    assert list(merged(OWN, rows, ())) == [
        "a",
        "openai",
        "openai-compatible",
        "mcp",
        "b",
        "demo",
        "c",
    ]


@pytest.mark.parametrize(
    ("broken", "missing"),
    [
        (row(is_enabled=False, base_url=URL), DISABLED),
        (row(), NO_ADDRESS),
        (row(backend="mcp"), NO_ADDRESS),
        (row(backend="a-package-that-was-removed"), NO_BACKEND),
        (row(base_url=URL, sealed_key="rubbish"), LOST_KEY),
    ],
    ids=["disabled", "no address", "no address of mcp", "no backend", "lost key"],
)
def test_a_row_that_cannot_be_used_says_what_to_set_and_breaks_no_other(
    broken: Any, missing: str
) -> None:
    if missing == LOST_KEY:
        broken.sealed_key = "rubbish"
    other = row("other", base_url=URL)
    specs = merged(OWN, [broken, other], ())
    assert specs["mine"].missing == missing
    assert Registry(specs).configured() == ("openai", "other", "demo")


def test_a_disabled_row_switches_a_built_in_provider_off() -> None:
    specs = merged(OWN, [row("demo", "demo", is_enabled=False)], ())
    assert not Registry(specs).is_configured("demo")


def test_a_row_says_how_it_is_treated() -> None:
    own = {**OWN, "demo": replace(OWN["demo"], handling=Handling(total=60.0, retries=3))}
    mine = row("mine", "demo", first_text=2.0, retries=0, places=4, fallbacks=["openai/small"])
    assert merged(own, [mine], ())["mine"].handling == Handling(
        first_text=2.0, total=60.0, retries=0, places=4, fallbacks=("openai/small",)
    )


def test_the_networks_that_are_allowed_hold_for_addresses_of_rows() -> None:
    home = (ip_network("192.168.0.0/16"),)
    found = merged(OWN, [row(base_url="http://192.168.1.2")], home)["mine"]
    assert found.options["limits"].reach == Reach(home)


def test_headers_are_sent_and_their_values_kept_out_of_errors() -> None:
    found = spec(row(base_url=URL, headers={"X-Gate": "Bearer gate-key-123"}))
    provider: Any = Registry({"mine": found}).get("mine")
    assert provider._http._headers[b"X-Gate"] == b"Bearer gate-key-123"
    assert provider._http.redact("no: gate-key-123!") == "no: ***!"


def test_no_key_is_in_the_text_of_a_spec_or_a_row() -> None:
    mine = row(base_url=URL, key=KEY, headers={"X-Gate": KEY})
    assert KEY not in repr(spec(mine)) + repr(mine) + str(mine) + mine.sealed_key


def test_only_what_changed_is_built_anew() -> None:
    registry = Registry(merged(OWN, [row(base_url=URL), row("same", base_url=URL)], ()))
    mine, same, demo = registry.get("mine"), registry.get("same"), registry.get("demo")
    changed = [row(base_url=URL, default_model="other"), row("same", base_url=URL, retries=5)]
    assert registry.replace(merged(OWN, changed, ())) == (mine,)
    assert registry.get("mine") is not mine
    assert (registry.get("same"), registry.get("demo")) == (same, demo)
    assert registry.handling("same").retries == 5


def test_an_ollama_behind_a_gate_gets_its_key() -> None:
    ollama = ProviderSpec("providers.backends.ollama.Ollama", {"model": "small"}, "OLLAMA_URL")
    found = merged({**OWN, "ollama": ollama}, [row("gpu", "ollama", base_url=URL, key=KEY)], ())
    provider: Any = Registry(found).get("gpu")
    assert provider._http._headers[b"Authorization"] == f"Bearer {KEY}".encode()
    assert provider._http.redact(KEY) == "***"
