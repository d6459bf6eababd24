"""Gemini is an OpenAI-compatible provider with long names for its models."""

from providers.backends.gemini import Gemini
from providers.catalogue import Catalogue
from providers.registry import ProviderSpec, Registry
from providers.routing import Route, route
from tests.providers.asking import KEY
from tests.providers.conftest import Opened, StartWire
from tests.providers.wire import sized

MODELS = sized(
    b'{"object": "list", "data": [{"id": "models/gemini-2.5-flash", "object": "model"},'
    b' {"id": "models/x", "name": "X"}]}'
)


async def test_models_have_the_names_by_which_they_are_asked_for(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([MODELS])
    gemini = Gemini(name="gemini", base_url=server.url, api_key=KEY, model="gemini-2.5-flash")
    models = await opened(gemini).models()
    assert [(m.id, m.name) for m in models] == [
        ("gemini-2.5-flash", "gemini-2.5-flash"),
        ("x", "X"),
    ]
    assert models[0].fields["id"] == "models/gemini-2.5-flash"
    assert server.heard[0].header("authorization") == f"Bearer {KEY}"


async def test_a_model_is_routed_to_gemini_by_its_short_name(wire: StartWire) -> None:
    server = await wire([MODELS])
    options = {"base_url": server.url, "api_key": KEY, "model": "x"}
    specs = {
        "scripted": ProviderSpec("providers.backends.scripted.Scripted", {}, None),
        "gemini": ProviderSpec("providers.backends.gemini.Gemini", options, None),
    }
    providers = Registry(specs)
    found = await route(providers, Catalogue(providers), model="gemini-2.5-flash", provider=None)
    await providers.aclose()
    assert found == Route("gemini", "gemini-2.5-flash")
