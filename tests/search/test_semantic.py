"""Asking for meaning, and leaving alone for a while what has failed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.callers import ANONYMOUS
from search import semantic
from search.errors import ModelUnavailable, SearchError, StoreElsewhere, StoreUnavailable
from search.meaning import LOADING
from search.scope import Scope
from search.vectors.base import Hit

pytestmark = pytest.mark.django_db
SCOPE = Scope(ANONYMOUS)


@dataclass
class Asked:
    """Stands for an index, its store and its embedder; `faults` are raised by step."""

    calls: list[str] = field(default_factory=list)
    faults: dict[str, SearchError] = field(default_factory=dict)
    while_embedding: Callable[[], object] = lambda: None

    @property
    def store(self) -> "Asked":
        return self

    @property
    def embedder(self) -> "Asked":
        return self

    def to_search(self) -> "Asked":
        return self._called("open")

    def embed_query(self, text: str) -> "Asked":
        self.while_embedding()
        return self._called("embed")

    def find(self, workspace: str, vector: object, **options: Any) -> list[Hit]:
        self._called("find")
        return []

    def _called(self, name: str) -> "Asked":
        self.calls.append(name)
        if fault := self.faults.get(name):
            raise fault
        return self


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    fake = Asked()
    monkeypatch.setattr(semantic, "to_search", fake.to_search)
    semantic.reset()
    yield fake
    semantic.reset()


def failure(asked: Asked) -> SearchError:
    """Of one more search; `calls` are then its own."""
    asked.calls.clear()
    with pytest.raises(SearchError) as caught:
        semantic.find(SCOPE, "phrase", limit=5)
    return caught.value


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("embed", ModelUnavailable("The endpoint hangs.", retry_after=3)),
        ("find", StoreUnavailable("Chroma hangs.")),
        ("open", StoreUnavailable("Chroma cannot be reached.")),
    ],
)
def test_what_has_failed_is_not_asked_again_for_a_while(
    asked: Asked, step: str, fault: SearchError
) -> None:
    asked.faults[step] = fault
    assert failure(asked) is fault
    again = failure(asked)
    assert (type(again), str(again), asked.calls) == (type(fault), str(fault), [])
    assert again is not fault
    asked.faults.clear()
    assert str(failure(asked)) == str(fault)


@pytest.mark.parametrize("fault", [ModelUnavailable(LOADING), StoreElsewhere("Elsewhere.")])
def test_what_is_known_without_asking_is_looked_up_each_time(
    asked: Asked, fault: SearchError
) -> None:
    asked.faults["open"] = fault
    assert failure(asked) is failure(asked) is fault
    asked.faults.clear()
    assert semantic.find(SCOPE, "phrase", limit=5) == []


def test_after_a_while_one_tries_again_and_the_others_go_on(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "_PAUSE_SECONDS", 0.0)
    asked.faults["embed"] = ModelUnavailable("The endpoint hangs.")
    failure(asked)
    monkeypatch.setattr(semantic, "_PAUSE_SECONDS", 10.0)
    others: list[SearchError] = []

    def another() -> None:
        with pytest.raises(ModelUnavailable) as caught:
            semantic.find(SCOPE, "phrase", limit=5)
        others.append(caught.value)

    asked.while_embedding = another
    assert failure(asked) is asked.faults["embed"]
    assert (len(others), asked.calls) == (1, ["open", "embed"])


def test_a_success_ends_it(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "_PAUSE_SECONDS", 0.0)
    asked.faults["find"] = StoreUnavailable("Chroma is away.")
    failure(asked)
    monkeypatch.setattr(semantic, "_PAUSE_SECONDS", 10.0)
    asked.faults.clear()
    for _ in range(2):
        asked.calls.clear()
        assert semantic.find(SCOPE, "phrase", limit=5) == []
        assert asked.calls == ["open", "embed", "find"]
