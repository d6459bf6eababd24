"""What a start-up with these settings does, said by the variables' names."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from chatproject.config import Config, load

ROOT = Path(__file__).parents[2]


def load_with(**variables: str) -> Config:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        return load()


def faults_of(**variables: str) -> dict[str, str]:
    """What is allowed, by the name of each faulty variable, as the operator reads it."""
    with pytest.raises(SystemExit) as stopped:
        load_with(**variables)
    _, *lines = str(stopped.value).splitlines()
    return dict(line.strip().split(": ", 1) for line in lines)


def test_nothing_set_gives_a_server_that_starts() -> None:
    config = load()
    assert (config.APP_ENV, config.RATE_RPS, config.PORT) == ("local", 1.0, 8000)


def test_each_fault_is_named_in_one_text() -> None:
    faults = faults_of(RATE_BURST="many", METRICS_ENABLED="perhaps", LOG_LEVEL="LOUD")
    assert faults == {
        "RATE_BURST": "must be a whole number, 1 or more",
        "METRICS_ENABLED": "must be true or false (also 1, 0, yes, no, on, off)",
        "LOG_LEVEL": "must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
    }


def test_a_faulty_value_is_never_repeated() -> None:
    assert "hunter2" not in str(faults_of(DATABASE_URL="mysql://ann:hunter2@db/chat"))


def test_a_faulty_value_is_not_in_the_error_of_the_model_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://ann:hunter2@db/chat")
    with pytest.raises(ValidationError) as refused:
        Config()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEY", "hunter2"),
        ("ADMIN_TOKEN", "hunter2"),
        ("SECRET_KEY", "hunter2"),
        ("CHAT_JWT_SECRET_KEY", "hunter2"),
        ("OPENAI_API_KEY", "hunter2"),
        ("INITIAL_SYSTEM_PROMPT", "hunter2"),
        ("DATABASE_URL", "postgresql://ann:hunter2@db/chat"),
        ("REDIS_URL", "redis://:hunter2@redis:6379/0"),
        ("MCP_SERVER_URL", "https://mcp.example.org/?key=hunter2"),
    ],
)
def test_a_secret_is_not_shown_by_the_settings(name: str, value: str) -> None:
    config = load_with(**{name: value})
    assert getattr(config, name) == value
    assert "hunter2" not in f"{config!r} {config}"


def test_settings_cannot_be_changed() -> None:
    config = load()
    with pytest.raises(ValidationError):
        config.PORT = 9000  # type: ignore[misc]


def test_a_process_with_a_bad_value_ends_at_once_and_says_why(directory: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from chatproject.config import load; load()"],
        cwd=directory,
        env={"PYTHONPATH": str(ROOT), "APP_ENV": "production", "CHAT_JWT_SECRET_KEY": "hunter2"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert "CHAT_JWT_SECRET_KEY: must not be change-me" in ended.stderr
    assert "hunter2" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
