"""The list of prices as a setting (issue 7 point 7)."""

from decimal import Decimal
from pathlib import Path

import pytest

from chatproject.config import load
from providers.prices import Price


def test_prices_are_read_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = '{"openai/gpt-4o-mini": ["0.15", 0.60], " ollama/* ": [0, 0]}'
    monkeypatch.setenv("MODEL_PRICES", listed)
    assert {
        "openai/gpt-4o-mini": Price(Decimal("0.15"), Decimal("0.60")),
        "ollama/*": Price(Decimal(0), Decimal(0)),
    } == load().MODEL_PRICES


def test_prices_may_stand_in_the_yaml_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "parley.yaml"
    file.write_text("model_prices:\n  gpt-4o: [2.50, 10]\n", "utf-8")
    monkeypatch.setenv("APP_CONFIG_FILE", str(file))
    assert {"gpt-4o": Price(Decimal("2.50"), Decimal(10))} == load().MODEL_PRICES


def test_without_a_list_there_are_no_prices() -> None:
    assert load().MODEL_PRICES == {}


@pytest.mark.parametrize(
    "written",
    [
        *("cheap", "[]", '{"m": 1}', '{"m": [1]}', '{"m": [1, 2, 3]}', '{"m": [1, -1]}'),
        *('{"m": [1, "x"]}', '{"m": [1, "NaN"]}', '{"m": [1, true]}', '{"m": [1, 1e9]}'),
    ],
)
def test_a_list_that_is_none_ends_the_start(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("MODEL_PRICES", written)
    with pytest.raises(SystemExit, match="MODEL_PRICES: must map models to two prices"):
        load()
