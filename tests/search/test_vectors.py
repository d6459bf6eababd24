"""What every vector store does, in a folder and beside a real Chroma server."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Thread
from uuid import UUID, uuid4

import pytest

from search.errors import StoreUnavailable
from search.vectors.chroma import ChromaStore
from search.vectors.generations import Generations
from tests.conftest import found
from tests.search.chroma import ChromaServer
from tests.search.passages import OWNER, label, passages, vector

NORTH, EAST, NORTH_EAST, WEST = vector(1), vector(0, 1), vector(1, 1), vector(0, -1)
OTHER = "workspace-2"
_numbers = count(1)


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = found(lambda: ChromaServer(tmp_path_factory.mktemp("chroma")))
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["folder", "server"])
def generations(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Generations]:
    url = request.getfixturevalue("chroma").url if request.param == "server" else ""
    opened = Generations(tmp_path_factory.mktemp("vectors"), url)
    yield opened
    opened.close_all()


@pytest.fixture
def number(generations: Generations) -> Iterator[int]:
    """An empty generation."""
    generation = next(_numbers)
    yield generation
    generations.drop(generation)


@pytest.fixture
def store(generations: Generations, number: int) -> ChromaStore:
    return generations.store(number)


def sources_found(store: ChromaStore, **conditions: object) -> list[UUID]:
    hits = store.find(OWNER, NORTH, limit=10, **conditions)  # type: ignore[arg-type]
    return [hit.source_id for hit in hits]


class TestFinding:
    def test_the_nearest_come_first_with_their_cosine_and_place(self, store: ChromaStore) -> None:
        near, far = uuid4(), uuid4()
        store.put(OWNER, passages(far, [EAST]) + passages(near, [WEST, NORTH_EAST]))
        first, second = store.find(OWNER, NORTH, limit=10)
        assert (first.source_id, first.start, first.end) == (near, 10, 22)
        assert second.source_id == far
        assert first.similarity == pytest.approx(0.7071, abs=1e-3)
        assert second.similarity == pytest.approx(0, abs=1e-3)

    def test_a_source_of_many_passages_does_not_crowd_out_another(self, store: ChromaStore) -> None:
        long, short = uuid4(), uuid4()
        store.put(OWNER, passages(long, [NORTH] * 30) + passages(short, [NORTH_EAST]))
        hits = store.find(OWNER, NORTH, limit=2)
        assert [hit.source_id for hit in hits] == [long, short]

    def test_no_more_than_asked_for_are_found(self, store: ChromaStore) -> None:
        for _ in range(3):
            store.put(OWNER, passages(uuid4(), [NORTH]))
        assert len(store.find(OWNER, NORTH, limit=2)) == 2
        assert store.find(OWNER, NORTH, limit=0) == []

    def test_a_workspace_without_vectors_is_empty(self, store: ChromaStore) -> None:
        assert store.find(OWNER, NORTH, limit=5) == []
        assert store.digests(OWNER, [uuid4()]) == {}
        assert list(store.sources(OWNER)) == []
        store.remove(OWNER, [uuid4()])
        store.remove_conversation(OWNER, uuid4())
        store.relabel(OWNER, {uuid4(): label()})
        store.put(OWNER, [])

    def test_workspaces_do_not_see_each_other(self, store: ChromaStore) -> None:
        mine, theirs = uuid4(), uuid4()
        store.put(OWNER, passages(mine, [EAST]))
        store.put(OTHER, passages(theirs, [NORTH], label(owner=OTHER)))
        assert sources_found(store) == [mine]
        store.remove(OWNER, [theirs])
        assert store.digests(OTHER, [mine, theirs]) == {theirs: "d1"}
        assert sorted(store.workspaces()) == [OWNER, OTHER]

    def test_what_is_labelled_with_another_owner_is_not_found(self, store: ChromaStore) -> None:
        store.put(OWNER, passages(uuid4(), [NORTH], label(owner=OTHER)))
        assert sources_found(store) == []

    def test_fields_and_times_narrow_it(self, store: ChromaStore) -> None:
        asked, answered = uuid4(), uuid4()
        store.put(OWNER, passages(asked, [NORTH], label(role="user", time=100.0)))
        answer = label(role="assistant", model="m", time=200.5)
        store.put(OWNER, passages(answered, [NORTH], answer))
        assert sources_found(store, where={"role": "user"}) == [asked]
        assert sources_found(store, where={"role": ("assistant", "tool"), "model": "m"}) == [
            answered
        ]
        assert sources_found(store, where={"role": "user", "model": "m"}) == []
        assert sources_found(store, where={"role": ()}) == []
        assert sources_found(store, after=200.5) == [answered]
        assert sources_found(store, before=100.0, where={"role": "user"}) == [asked]
        assert sources_found(store, after=100.1, before=200.4) == []


class TestKeeping:
    def test_a_shorter_text_leaves_nothing_of_the_longer(self, store: ChromaStore) -> None:
        source, other = uuid4(), uuid4()
        store.put(OWNER, passages(source, [EAST, EAST, NORTH]) + passages(other, [WEST, WEST]))
        store.put(OWNER, passages(source, [EAST], label(digest="d2")))
        hits = {hit.source_id: hit for hit in store.find(OWNER, NORTH, limit=10)}
        assert hits[source].similarity == pytest.approx(0, abs=1e-3)
        assert store.digests(OWNER, [source, other]) == {source: "d2", other: "d1"}

    def test_removed_sources_are_gone(self, store: ChromaStore) -> None:
        gone, kept = uuid4(), uuid4()
        store.put(OWNER, passages(gone, [NORTH, EAST]) + passages(kept, [EAST]))
        store.remove(OWNER, [gone, uuid4()])
        assert sources_found(store) == [kept]

    def test_a_removed_conversation_takes_all_its_sources(self, store: ChromaStore) -> None:
        conversation, kept = uuid4(), uuid4()
        for _ in range(3):
            store.put(OWNER, passages(uuid4(), [NORTH, EAST], label(conversation=conversation)))
        store.put(OWNER, passages(kept, [EAST]))
        store.remove_conversation(OWNER, conversation)
        assert sources_found(store) == [kept]

    def test_a_new_label_leaves_vectors_and_places(self, store: ChromaStore) -> None:
        source = uuid4()
        store.put(OWNER, passages(source, [EAST, NORTH], label(product="old", agent="a")))
        store.relabel(OWNER, {source: label(product="new", digest="d2"), uuid4(): label()})
        (hit,) = store.find(OWNER, NORTH, limit=10, where={"product": "new"})
        assert (hit.source_id, hit.start) == (source, 10)
        assert sources_found(store, where={"product": "old"}) == []
        assert list(store.sources(OWNER)) == [(source, "d2")]

    def test_sources_are_listed_over_many_pages(self, store: ChromaStore) -> None:
        ids = [uuid4() for _ in range(300)]
        store.put(OWNER, [row for source in ids for row in passages(source, [NORTH, EAST])])
        assert dict(store.sources(OWNER)) == dict.fromkeys(ids, "d1")

    def test_many_sources_are_asked_for_and_removed_at_once(self, store: ChromaStore) -> None:
        ids = [uuid4() for _ in range(700)]
        store.put(OWNER, [row for source in ids for row in passages(source, [NORTH])])
        assert len(store.digests(OWNER, ids)) == 700
        store.remove(OWNER, ids[:-1])
        assert list(store.sources(OWNER)) == [(ids[-1], "d1")]


class TestLiving:
    def test_generations_do_not_touch_each_other(
        self, generations: Generations, store: ChromaStore
    ) -> None:
        source, other = uuid4(), next(_numbers)
        store.put(OWNER, passages(source, [NORTH]))
        # Another number of dimensions: another model made it.
        generations.store(other).put(OWNER, passages(uuid4(), [NORTH[:3]]))
        generations.drop(other)
        assert list(generations.store(other).workspaces()) == []
        generations.drop(other)
        assert sources_found(store) == [source]

    def test_a_generation_may_have_a_long_number(self, generations: Generations) -> None:
        source, number = uuid4(), 2**53 - 1
        store = generations.store(number)
        store.put(OWNER, passages(source, [NORTH]))
        assert list(generations.store(number // 10).workspaces()) == []
        assert sources_found(store) == [source]
        generations.drop(number)
        assert list(generations.store(number).workspaces()) == []
        generations.drop(number)
        generations.drop(number // 10)

    def test_what_was_put_is_there_after_opening_again(
        self, generations: Generations, number: int
    ) -> None:
        source = uuid4()
        generations.store(number).put(OWNER, passages(source, [NORTH]))
        generations.close(number)
        assert sources_found(generations.store(number)) == [source]

    def test_searches_run_while_something_is_written(self, store: ChromaStore) -> None:
        first, faults = uuid4(), []
        store.put(OWNER, passages(first, [NORTH]))

        def caught(work: Callable[[], object]) -> None:
            try:
                for _ in range(15):
                    work()
            except Exception as error:
                faults.append(error)

        def write() -> None:
            store.put(OWNER, passages(uuid4(), [EAST, WEST]))

        def search() -> None:
            assert store.find(OWNER, NORTH, limit=1)[0].source_id == first

        threads = [Thread(target=caught, args=(work,)) for work in (write, search, search)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []


def test_a_server_that_was_away_is_used_again(chroma: ChromaServer, tmp_path: Path) -> None:
    generations, source = Generations(tmp_path, chroma.url), uuid4()
    number = next(_numbers)
    store = generations.store(number)
    store.put(OWNER, passages(source, [NORTH]))
    chroma.stop()
    with pytest.raises(StoreUnavailable):
        store.find(OWNER, NORTH, limit=1)
    chroma.resume()
    assert sources_found(store) == [source]
    generations.drop(number)
