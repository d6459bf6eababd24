"""The models to choose from: what is known now, while the providers are asked in the background."""

import asyncio
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from api.auth import asking_caller
from api.endpoints import endpoint
from api.responses import json_response
from providers.catalogue import catalogue
from providers.registry import Registry, registry
from providers.routing import default_model

_MOST = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider with the models that are known of it; it can be asked for its own too."""

    provider: str
    models: list[str]
    is_default: bool
    takes_images: bool
    takes_files: bool
    is_unavailable: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """`default_model` is empty where the default provider chooses."""

    providers: list[Choice]
    default_model: str


def choices() -> Choices:
    """Waits for nobody."""
    own = registry()
    default = own.default_name
    names = sorted(own.configured(), key=lambda name: (name != default, name))
    known = [_choice(own, name, is_default=name == default) for name in names]
    return Choices(known, default_model(own, default))


def _choice(own: Registry, name: str, *, is_default: bool) -> Choice:
    can = own.get(name).capabilities
    models = sorted(catalogue().kept_ids(name))[:_MOST]
    return Choice(
        name,
        models,
        is_default,
        takes_images=can.images,
        takes_files=can.files,
        is_unavailable=bool(catalogue().trouble(name)),
    )


async def _models(request: HttpRequest) -> HttpResponse:
    """What is known, and for the next time whoever can be asked is asked."""
    await asking_caller(request)
    known = choices()
    for choice in known.providers:
        if not choice.models:
            _ask(choice.provider)
    is_complete = all(choice.models for choice in known.providers)
    shown = [{"provider": each.provider, "models": each.models} for each in known.providers]
    return json_response({"providers": shown, "complete": is_complete})


def _ask(provider: str) -> None:
    # `known_ids` remembers a failure for a while, and never raises one.
    task = asyncio.create_task(catalogue().known_ids(provider))
    _asking.add(task)
    task.add_done_callback(_asking.discard)


# asyncio keeps only weak references to tasks.
_asking: set[asyncio.Task[frozenset[str]]] = set()

models = endpoint(GET=_models)
