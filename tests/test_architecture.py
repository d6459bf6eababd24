"""The layout holds: imports go one way, files and functions stay small, nothing hops threads."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("accounts", "api", "chatproject", "conversations", "providers", "search")
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
FREE_OF_DJANGO = ("base", "types", "events", "errors", "framing", "http", "backends")


def sources() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_imports_go_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(path)}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("name", FREE_OF_DJANGO)
def test_providers_know_neither_the_database_nor_the_web(name: str) -> None:
    module = ROOT / "providers" / name
    paths = module.rglob("*.py") if module.is_dir() else [module.with_suffix(".py")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", "") or "", *(alias.name for alias in node.names)]
                assert not any(name.startswith("django") for name in names), path


@pytest.mark.parametrize("dotted", settings.MIDDLEWARE)
def test_middleware_is_natively_async(dotted: str) -> None:
    """Django's mixin is async-capable by a thread for each request: its `__acall__` is replaced."""
    middleware = import_string(dotted)
    assert middleware.async_capable
    if issubclass(middleware, MiddlewareMixin):
        assert middleware.__acall__ is not MiddlewareMixin.__acall__


def test_no_middleware_is_adapted_by_a_thread() -> None:
    """A sync one in the chain would be wrapped in `sync_to_async`."""
    handler = ASGIHandler()
    chain = handler._middleware_chain  # type: ignore[attr-defined]
    assert iscoroutinefunction(chain)
    assert "SyncToAsync" not in repr(chain)


def test_production_settings_pass_the_deployment_check(tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "APP_ENV": "production",
        "APP_URL": "https://chat.example.org",
        "API_KEY": "a-key-of-some-length",
        "SECRET_KEY": "correct horse battery staple, but longer than fifty characters",
    }
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
