"""The server process: how it starts, what it logs, what its two handlers do."""

import json
import socket
import subprocess
import sys
import time
from typing import Any

import httpx
import psutil
import pytest

from tests.client import ROOT, Databases, FromScratch, Server, Upstream
from tests.conftest import StartServer
from tests.durability.streams import new_conversation
from tests.sse import read

SECRET = "sk-this-is-a-secret"


def lines_of(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]


def requests_in(server: Server) -> list[dict[str, Any]]:
    return [line for line in lines_of(server) if line["event"] == "request"]


def test_the_log_has_one_line_per_request_and_no_prompt(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server({"API_KEY": SECRET, "LOG_LEVEL": "DEBUG"}, upstream=upstream)
    headers = {"X-API-Key": SECRET, "X-Request-ID": "req-1"}
    upstream.script({"text": "a private answer"}, {"error": "a private fault"})
    server.post("/api/chat/stream", json={"message": "a private question"}, headers=headers)
    server.post("/sessions", json={"metadata": {"note": "a private note"}}, headers=headers)
    deadline = time.monotonic() + 5
    while len(mine := [r for r in requests_in(server) if r["request_id"] == "req-1"]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [(r["method"], r["path"], r["status"], r["caller"]) for r in mine] == [
        ("POST", "/api/chat/stream", 200, "shared_key"),
        ("POST", "/sessions", 201, "shared_key"),
    ]
    assert all(r["duration_ms"] >= 0 for r in mine)
    assert "private" not in server.log()
    assert SECRET not in server.log()


def test_variables_without_effect_are_warned_of(start_server: StartServer) -> None:
    server = start_server({"HISTORY_REDIS_URL": "redis://nowhere", "CHAT_BCRYPT_ROUNDS": "4"})
    warned = [
        line["variable"] for line in lines_of(server) if line["event"] == "setting_has_no_effect"
    ]
    assert sorted(warned) == ["CHAT_BCRYPT_ROUNDS", "HISTORY_REDIS_URL"]


@pytest.mark.parametrize("command", [["-m", "chatproject"], ["manage.py", "check"]])
def test_a_bad_setting_ends_the_start_with_its_name(command: list[str], tmp_path: Any) -> None:
    """G-1.4"""
    script = [str(ROOT / command[0])] if command[0].endswith(".py") else command[:1]
    done = subprocess.run(
        [sys.executable, *script, *command[1:]],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "RATE_RPS": "fast"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode != 0
    assert "RATE_RPS" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_server_starts_in_under_three_seconds(databases: Databases) -> None:
    """By the work that it takes: how long that is depends on what else the machine has to do."""
    server = FromScratch.start(databases.new("sqlite"))
    try:
        used = psutil.Process(server.pid).cpu_times()
    finally:
        server.stop()
    assert used.user + used.system < 3


def test_a_client_that_leaves_in_the_middle_costs_nothing(
    server: Server, upstream: Upstream
) -> None:
    """The turn goes on, and its line in the log says how long the client stayed."""
    conversation = new_conversation(server, "tokens 50 every 20")
    with httpx.stream("GET", f"{server.url}/conversations/{conversation}/stream") as response:
        turn_id = response.headers["X-Turn-ID"]
        next(iter(read(response)))
    deadline = time.monotonic() + 5
    while (turn := server.get(f"/api/turns/{turn_id}").json())["status"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert turn["status"] == "completed"
    path = f"/conversations/{conversation}/stream"
    logged = [line for line in requests_in(server) if line["path"] == path]
    assert [line["status"] for line in logged] == [200]


def test_a_client_that_leaves_before_its_body_is_sent_does_no_harm(server: Server) -> None:
    for path in ("/api/chat/stream", "/sessions"):
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
            line.sendall(head.encode() + b'{"mess')
    assert server.get("/health").json()["status"] == "ok"


def test_responses_carry_security_headers(server: Server) -> None:
    for path in ("/health", "/sessions/none"):
        headers = server.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_the_server_runs_under_daphne_too(upstream: Upstream, databases: Any) -> None:
    """`manage.py runserver` is daphne's: it has no lifespan, and needs none."""
    url = databases.new("sqlite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "runserver", "--noreload", str(port)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DATABASE_URL": url},
        cwd=ROOT / "docs",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        answer = _answer_of(f"http://127.0.0.1:{port}/api/chat/stream")
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=20)
    assert "event: done" in answer
    assert "daphne" in output.lower()


def _answer_of(url: str) -> str:
    deadline = time.monotonic() + 20
    while True:
        try:
            return httpx.post(url, json={"message": "Hello"}, timeout=20).text
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_browsers_get_a_page_and_programs_a_status(server: Server) -> None:
    """V-5"""
    page = server.get("/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert (page.status_code, page.headers["Content-Type"][:9]) == (200, "text/html")
    assert "<!doctype html>" in page.text.lower()
    assert server.get("/").headers["Content-Type"].startswith("application/json")
    assert server.get("/static/ui/base.css").status_code == 200
