"""Embeddings from an OpenAI-compatible endpoint."""

import struct
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from threading import Event
from typing import Any

import httpx
import numpy as np
import pytest

from search.embeddings import endpoint as module
from search.embeddings.endpoint import EndpointEmbedder
from search.errors import ModelUnavailable, TextRefused
from tests.search.endpoint import Answer, Endpoint, endpoint, of_lengths
from tests.services import free_port

KEY = "sk-very-secret"


@pytest.fixture
def fake() -> Iterator[Endpoint]:
    with endpoint() as running:
        yield running


@pytest.fixture
def embedder(fake: Endpoint) -> Iterator[EndpointEmbedder]:
    made = EndpointEmbedder(fake.url, model="bge-m3", api_key=KEY, batch_size=2)
    yield made
    made.close()


@pytest.fixture
def hanging(fake: Endpoint, embedder: EndpointEmbedder) -> Iterator[EndpointEmbedder]:
    """Takes questions and keeps the answers."""
    leave = Event()

    def nothing(question: dict[str, Any]) -> Answer:
        leave.wait(10)
        return of_lengths(question)

    fake.answer = nothing
    yield embedder
    leave.set()


def patience(step: float, longest: float) -> module._Patience:
    return module._Patience(httpx.Timeout(step), longest)


def test_vectors_come_in_the_order_of_the_texts_and_have_length_one(
    fake: Endpoint, embedder: EndpointEmbedder
) -> None:
    vectors = embedder.embed_passages(["a", "bbb", "cc"])
    assert vectors.shape == (3, 2)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1])
    assert vectors[:, 0] / vectors[:, 1] == pytest.approx([1, 3, 2])
    assert [question["input"] for question in fake.seen] == [["a", "bbb"], ["cc"]]
    assert fake.keys == [f"Bearer {KEY}"] * 2


def test_no_texts_are_no_question(fake: Endpoint, embedder: EndpointEmbedder) -> None:
    assert len(embedder.embed_passages([])) == 0
    assert fake.seen == []


def test_e5_gets_its_prefixes(fake: Endpoint) -> None:
    e5 = EndpointEmbedder(fake.url, model="intfloat/e5-small", api_key="", batch_size=8)
    e5.embed_passages(["text"])
    e5.embed_query("question")
    e5.close()
    assert [q["input"] for q in fake.seen] == [["passage: text"], ["query: question"]]
    assert fake.keys == [None, None]


def test_base64_is_understood(fake: Endpoint, embedder: EndpointEmbedder) -> None:
    packed = b64encode(struct.pack("<2f", 3.0, 4.0)).decode()
    fake.answer = lambda question: (200, {"data": [{"embedding": packed}]})
    assert embedder.embed_query("x") == pytest.approx([0.6, 0.8])


def test_lone_surrogates_do_no_harm(fake: Endpoint, embedder: EndpointEmbedder) -> None:
    embedder.embed_query("a\ud800b")
    assert fake.seen[0]["input"] == ["a?b"]


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 500, 503])
def test_an_endpoint_that_cannot_be_used_now_is_unavailable(
    fake: Endpoint, embedder: EndpointEmbedder, status: int
) -> None:
    fake.answer = lambda question: (status, {"error": {"message": f"Bad key {KEY}"}})
    fake.headers = {"Retry-After": "7", "Location": f"{fake.url}/embeddings"}
    with pytest.raises(ModelUnavailable) as caught:
        embedder.embed_passages(["secret text"])
    assert caught.value.retry_after == 7
    assert str(status) in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(fake.seen) == 1


def test_a_date_to_try_again_becomes_seconds(fake: Endpoint, embedder: EndpointEmbedder) -> None:
    fake.answer = lambda question: (429, {})
    fake.headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(minutes=1))}
    with pytest.raises(ModelUnavailable) as caught:
        embedder.embed_query("x")
    assert caught.value.retry_after == pytest.approx(60, abs=5)


def test_nobody_listening_is_unavailable() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    away = EndpointEmbedder(url, model="m", api_key="", batch_size=2)
    with pytest.raises(ModelUnavailable, match="ConnectError"):
        away.embed_query("x")
    away.close()


@pytest.mark.parametrize(
    ("step", "longest", "reason"), [(0.1, 5.0, "ReadTimeout"), (5.0, 0.1, "too slow")]
)
def test_a_query_does_not_wait_for_an_endpoint_that_hangs(
    hanging: EndpointEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    step: float,
    longest: float,
    reason: str,
) -> None:
    monkeypatch.setattr(module, "_FOR_QUERIES", patience(step, longest))
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match=reason):
        hanging.embed_query("x")
    assert time.monotonic() - began < 2


def test_nobody_waits_for_a_query_longer_than_three_seconds() -> None:
    limits = module._FOR_QUERIES
    assert (limits.longest, limits.times.read, limits.times.connect) == (3, 3, 1)


def test_queries_that_hang_do_not_keep_others_waiting_for_ever(
    hanging: EndpointEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FOR_QUERIES", patience(5.0, 0.02))
    for _ in range(module._QUERIES_AT_ONCE + 2):
        with pytest.raises(ModelUnavailable, match="too slow"):
            hanging.embed_query("x")


def test_passages_may_take_longer_than_a_query(
    fake: Endpoint, embedder: EndpointEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(question: dict[str, Any]) -> Answer:
        time.sleep(0.1)
        return of_lengths(question)

    fake.answer = slow
    monkeypatch.setattr(module, "_FOR_QUERIES", patience(0.01, 0.01))
    assert len(embedder.embed_passages(["a"])) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_poisonous_text_is_told_from_the_others(
    fake: Endpoint, embedder: EndpointEmbedder, status: int
) -> None:
    def picky(question: dict[str, Any]) -> Answer:
        return (status, {}) if "poison" in question["input"] else of_lengths(question)

    fake.answer = picky
    with pytest.raises(TextRefused) as caught:
        embedder.embed_passages(["a", "b", "c", "poison", "e"])
    assert caught.value.positions == (3,)
    assert "poison" not in str(caught.value)


def test_a_batch_that_is_too_large_is_asked_for_in_single_texts(
    fake: Endpoint, embedder: EndpointEmbedder
) -> None:
    fake.answer = lambda asked: (413, {}) if len(asked["input"]) > 1 else of_lengths(asked)
    vectors = embedder.embed_passages(["a", "bbb", "cc"])
    assert vectors[:, 0] / vectors[:, 1] == pytest.approx([1, 3, 2])


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        {},
        {"data": []},
        {"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]},
        {"data": [{"index": 4, "embedding": [1.0]}]},
        {"data": [{"embedding": "***"}]},
        {"data": [{"embedding": ["one"]}]},
    ],
)
def test_an_answer_that_makes_no_sense_is_unavailable(
    fake: Endpoint, embedder: EndpointEmbedder, body: Any
) -> None:
    fake.answer = lambda question: (200, body)
    with pytest.raises(ModelUnavailable):
        embedder.embed_query("x")


def test_a_vector_of_nothing_is_a_refusal(fake: Endpoint, embedder: EndpointEmbedder) -> None:
    fake.answer = lambda question: (200, {"data": [{"embedding": [0.0, 0.0]}]})
    with pytest.raises(TextRefused):
        embedder.embed_query("x")


def test_another_number_of_dimensions_is_another_model(
    fake: Endpoint, embedder: EndpointEmbedder
) -> None:
    embedder.embed_query("x")
    fake.answer = lambda question: (200, {"data": [{"embedding": [1.0, 2.0, 3.0]}]})
    with pytest.raises(ModelUnavailable, match="2 dimensions before and now 3"):
        embedder.embed_query("x")


def test_an_answer_has_an_end(
    fake: Endpoint, embedder: EndpointEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.embeddings.endpoint._MAX_ANSWER", 1000)
    fake.answer = lambda question: (200, b" " * 2000)
    with pytest.raises(ModelUnavailable, match="too large"):
        embedder.embed_query("x")


def test_long_texts_are_cut_without_a_tokenizer(embedder: EndpointEmbedder) -> None:
    text = "some words of a text " * 300
    spans = embedder.split(text)
    assert len(spans) > 1
    assert (spans[0].start, spans[-1].end) == (0, len(text) - 1)
    assert all(after.start < before.end for before, after in pairwise(spans))
    assert embedder.is_ready
