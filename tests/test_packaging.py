"""The words and the container: documents that are true, an image without privileges."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.client import ROOT, Databases, Server, clean_environment
from tests.conftest import UNLIMITED

README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCKERFILE = ROOT / "Dockerfile"
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^]]+\]\(([^)#]+)(?:#[^)]*)?\)")
NAMED_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
PASSWORD = re.compile(r"(?:PASSWORD: |://\w+:(?!\d+))(\S+)")
FOLDERS = {
    "accounts",
    "api",
    "chatproject",
    "conversations",
    "docs",
    "examples",
    "providers",
    "scripts",
    "search",
    "tests",
}
DOCUMENTED_AT = "http://127.0.0.1:8000"
# Slow enough to be stopped, quick enough to be waited for.
UNHURRIED = {"DEMO_DELAY_SECONDS": "0.05"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = _compose()["services"]
    return found


@pytest.fixture(scope="module")
def conversation(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Conversation"]:
    server = Server.start(databases.new("sqlite"), {**UNLIMITED, **UNHURRIED})
    try:
        yield Conversation(server, tmp_path_factory.mktemp("readme"))
    finally:
        server.stop()


class Conversation:
    """The shell blocks of the README, run in their order against a live server."""

    def __init__(self, server: Server, folder: Path) -> None:
        script = "".join(SHELL_BLOCK.findall(README.read_text("utf-8")))
        assert DOCUMENTED_AT in script
        done = subprocess.run(
            ["bash", "-eu", "-c", script.replace(DOCUMENTED_AT, server.url)],
            cwd=folder,
            env=clean_environment(folder, {}),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        self.shown = done.stdout + done.stderr
        # A request is logged when its answer is over, which may be after the client has it.
        server.terminate()
        self.requests = list(_requests_in(server.log()))


def test_the_readme_holds_a_conversation_in_each_dialect(conversation: Conversation) -> None:
    asked = [(method, _shape(path), status) for method, path, status in conversation.requests]
    assert sorted(asked) == sorted(
        [
            ("POST", "/sessions", 201),
            ("POST", "/sessions/ID/messages", 200),
            ("POST", "/sessions/ID/messages", 200),
            ("POST", "/api/chat/stream", 200),
            ("POST", "/api/chat/stream", 200),
            ("POST", "/conversations", 200),
            ("POST", "/conversations/ID/messages", 200),
            ("GET", "/conversations/ID/stream", 200),
            ("POST", "/v1/chat/completions", 200),
            ("POST", "/api/chat/stream", 200),
            ("GET", "/api/turns/ID/events", 200),
            ("POST", "/api/chat/stream", 200),
            ("POST", "/api/turns/ID/stop", 202),
            ("GET", "/api/turns/ID/events", 200),
            ("POST", "/api/auth/register", 201),
            ("POST", "/api/auth/login", 200),
            ("POST", "/api/keys", 201),
            ("GET", "/conversations", 200),
            ("GET", "/api/keys", 200),
            ("POST", "/api/threads", 201),
            ("POST", "/api/threads/ID/messages", 201),
            ("GET", "/api/threads/ID/export", 200),
            ("GET", "/api/search/messages", 200),
        ]
    )


def test_the_readme_shows_answers_and_a_turn_that_was_stopped(conversation: Conversation) -> None:
    completed = re.findall(r'^data: \{"status":"completed".*\}$', conversation.shown, re.MULTILINE)
    assert len(completed) == 1
    assert conversation.shown.count('data: {"status":"stopped"}') == 1
    assert len(re.findall(r"^data: resp_[0-9a-f]{32}$", conversation.shown, re.MULTILINE)) == 2
    assert '{"role":"user","content":"And again"' in conversation.shown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    links = {document.parent / link for link in LINK.findall(text) if "://" not in link}
    named = {ROOT / name for name in NAMED_FILE.findall(text) if name.split("/")[0] in FOLDERS}
    assert [path.relative_to(ROOT) for path in links | named if not path.exists()] == []


def test_every_service_has_a_health_check_and_named_volumes(
    services: dict[str, dict[str, Any]],
) -> None:
    assert set(services) == {"web", "postgres", "redis", "chroma", "ollama"}
    assert [name for name, service in services.items() if not _is_checked(service)] == []
    used = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert used == set(_compose()["volumes"]) == set(services)


def test_ollama_is_only_started_when_it_is_asked_for(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if "profiles" in service] == ["ollama"]


def test_a_running_answer_has_time_to_end(services: dict[str, dict[str, Any]]) -> None:
    assert services["web"]["stop_grace_period"] == "20s"


def test_only_the_server_is_reached_from_outside_and_from_this_machine_alone(
    services: dict[str, dict[str, Any]],
) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_every_password_in_the_compose_file_comes_from_outside() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    passwords = PASSWORD.findall(text)
    assert len(passwords) == 2
    assert all(password.startswith("${POSTGRES_PASSWORD:?") for password in passwords)


def test_the_image_does_not_run_as_root() -> None:
    users = [words[1] for words in _instructions() if words[0] == "USER"]
    assert users[-1:] == ["parley"]


def test_the_image_keeps_its_data_in_a_volume() -> None:
    values = {words[0]: words[1] for words in _instructions() if words[0] in ("WORKDIR", "VOLUME")}
    assert values == {"WORKDIR": "/data", "VOLUME": "/data"}


def test_the_image_gets_no_settings_and_no_database_of_its_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {".*", "**/*.sqlite3*"} <= set(ignored)


def _compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return read


def _is_checked(service: dict[str, Any]) -> bool:
    if "build" in service:
        return any(words[0] == "HEALTHCHECK" for words in _instructions())
    return bool(service.get("healthcheck", {}).get("test"))


def _instructions() -> list[list[str]]:
    lines = DOCKERFILE.read_text("utf-8").replace("\\\n", "").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def _requests_in(log: str) -> Iterator[tuple[str, str, int]]:
    for line in log.splitlines():
        entry = json.loads(line)
        if entry["event"] == "request" and entry["path"] != "/health":
            yield entry["method"], entry["path"], entry["status"]


def _shape(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", path)
