"""Packages that add a provider."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from providers.entry_points import Unusable, installed, installed_names
from providers.registry import Registry
from tests.providers.asking import events_of, text_of

ROOT = Path(__file__).resolve().parents[2]
ECHO = """
from providers.base import Provider
from providers.events import Finished, TextDelta
from providers.registry import ProviderSpec
from providers.types import ModelInfo


def spec(environ):
    key = environ.get("ECHO_KEY")
    return ProviderSpec("parley_echo.Echo", {"key": key}, None if key else "ECHO_KEY")


class Echo(Provider):
    def __init__(self, *, name, key):
        super().__init__(name=name)
        self.key = key

    async def stream(self, request):
        yield TextDelta(f"{self.key}: {request.messages[-1].content}")
        yield Finished("stop")

    async def models(self):
        return (ModelInfo("echo-1", "Echo"),)

    async def default_model(self):
        return "echo-1"


WORD = "word"


def broken(environ):
    raise KeyError("ECHO_REGION")


def elsewhere(environ):
    return ProviderSpec("parley_echo.Nobody", {}, None)


def stranger(environ):
    return ProviderSpec("pathlib.Path", {}, None)
"""
ENTRIES = {
    "Echo": "parley_echo:spec",
    "broken": "parley_echo:broken",
    "absent": "no_such_package:spec",
    "elsewhere": "parley_echo:elsewhere",
    "stranger": "parley_echo:stranger",
    "none": "parley_echo:WORD",
    "a/b": "parley_echo:spec",
    "openai": "parley_echo:spec",
}
KEY = {"ECHO_KEY": "k"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it, as pip would leave it."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "parley_echo.py").write_text(ECHO)
    about = folder / "parley_echo-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: parley-echo\nVersion: 1.0\n")
    lines = [f"{name} = {value}\n" for name, value in ENTRIES.items()]
    (about / "entry_points.txt").write_text("[parley.providers]\n" + "".join(lines))
    return folder


async def test_a_package_adds_a_provider(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(package)
    found = installed(KEY, {"openai"})
    assert list(found.specs) == ["echo"]
    events = await events_of(Registry(found.specs).get("echo"))
    assert text_of(events) == "k: Hello"


def test_its_setting_is_named_while_it_is_missing(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(package)
    specs = installed({}, {"openai"}).specs
    assert Registry(specs).missing_variable("echo") == "ECHO_KEY"


def test_what_is_unusable_is_left_out_with_its_reason(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(package)
    reasons = {out.name: out.reason for out in installed(KEY, {"openai"}).unusable}
    assert set(reasons) == {name.lower() for name in ENTRIES} - {"echo"}
    assert reasons["broken"] == "parley_echo:broken raised KeyError: 'ECHO_REGION'"
    assert "no_such_package" in reasons["absent"]
    assert "Nobody" in reasons["elsewhere"]
    assert "must give a ProviderSpec" in reasons["stranger"]
    assert "not callable" in reasons["none"]
    assert reasons["openai"] == "The name is taken."
    assert Unusable("a/b", reasons["a/b"]) in installed(KEY, ()).unusable


def test_names_are_known_without_loading_anything(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(package)
    assert "echo" in installed_names()


def test_the_settings_take_the_provider_and_the_start_goes_on(
    package: Path, tmp_path: Path
) -> None:
    """The `.env` file is read for it, and it may be the default."""
    (tmp_path / ".env").write_text("ECHO_KEY=k\nDEFAULT_PROVIDER=ECHO\n")
    script = (
        "from django.conf import settings; from providers.registry import registry;"
        "from chatproject.startup import warn_of_settings; warn_of_settings();"
        "names = registry().configured(); print(registry().require_default(), *names)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}{os.pathsep}{package}",
            "DJANGO_SETTINGS_MODULE": "chatproject.settings",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "echo echo demo" in done.stdout, done.stderr
    assert (done.stdout + done.stderr).count("provider_left_out") == len(ENTRIES) - 1
