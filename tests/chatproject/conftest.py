"""Where the settings are read from in these tests."""

import os
from pathlib import Path

import pytest

from chatproject.config import Config
from chatproject.config_sources import IGNORED


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and an environment without one of our variables."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ.keys() & (Config.model_fields.keys() | IGNORED):
        monkeypatch.delenv(name)
    return tmp_path
