"""Model lists in the database."""

import pytest

from providers.models import KnownModels
from providers.shelf import Shelf
from providers.types import ModelInfo

pytestmark = pytest.mark.django_db

MODELS = (ModelInfo("a", "A \0 \ufdfd", {"id": "a", "pricing": {"prompt": "0.1"}}),)


@pytest.fixture(autouse=True)
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf closes its thread's connections, and this thread's holds the test."""
    monkeypatch.setattr("providers.shelf.connections.close_all", lambda: None)


def test_a_list_comes_back_as_it_was() -> None:
    Shelf().put("mine", "here", MODELS)
    assert Shelf().lists() == {"mine": ("here", MODELS)}


def test_only_what_is_new_is_written() -> None:
    shelf = Shelf()
    shelf.put("mine", "here", MODELS)
    KnownModels.objects.all().delete()
    shelf.put("mine", "here", MODELS)
    assert not KnownModels.objects.exists()
    shelf.put("mine", "elsewhere", MODELS)
    assert Shelf().lists() == {"mine": ("elsewhere", MODELS)}
