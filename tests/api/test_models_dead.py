"""With every provider dead, model lists are there at once, as they were known last."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.api.accounts import administrator
from tests.client import Server
from tests.conftest import StartServer
from tests.services import free_port

SOON = 0.05
PATHS = ("/models", "/api/models", "/v1/models", "/ui/models")


class Lists(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"data": [{"id": "known", "name": "Known"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """To nobody."""


@contextmanager
def alive() -> Iterator[str]:
    """The address of a provider that gives its list, and is dead afterwards."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Lists) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """The address of one that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def seconds(server: Server, path: str, headers: dict[str, str]) -> float:
    """The best of several, so that a busy machine does not count."""
    return min(_once(server, path, headers) for _ in range(5))


def _once(server: Server, path: str, headers: dict[str, str]) -> float:
    began = time.monotonic()
    listed(server, path, headers)
    return time.monotonic() - began


def listed(server: Server, path: str, headers: dict[str, str]) -> httpx.Response:
    # A bearer of /v1 is an API key.
    return server.get(path, headers={} if path.startswith("/v1") else headers)


def test_lists_outlive_their_providers_and_the_server(start_server: StartServer) -> None:
    with silent() as hole, alive() as provider:
        env = {
            "CHAT_LLM_API_BASE": provider,
            "DEFAULT_PROVIDER": "openai-compatible",
            "OPENROUTER_API_KEY": "key",
            "OPENROUTER_BASE_URL": hole,
            "OLLAMA_URL": f"http://127.0.0.1:{free_port()}",
            "PROVIDER_TIMEOUT_SECONDS": "30",
        }
        server = start_server(env)
        headers = administrator(server).headers
        first = server.get("/api/models", headers=headers)
        assert first.json() == {"models": ["known"], "cards": [{"id": "known", "name": "Known"}]}
        assert first.elapsed.total_seconds() < 5
        assert server.get("/models").json()["cached"] is True
        assert seconds(server, "/api/models", headers) < SOON
        time.sleep(0.2)
    server.restart()
    for path in PATHS:
        assert seconds(server, path, headers) < SOON, path
        assert "known" in listed(server, path, headers).text, path
    (card,) = server.get("/api/models", headers=headers).json()["cards"]
    assert card == {"id": "known", "name": "Known", "unavailable": "unreachable"}
    page = server.get("/", headers={"Accept": "text/html"}).text
    assert 'label="openai-compatible · not available now"' in page


def test_where_no_list_was_ever_known_only_the_first_request_waits(
    start_server: StartServer,
) -> None:
    with silent() as hole:
        env = {
            "CHAT_LLM_API_BASE": hole,
            "DEFAULT_PROVIDER": "openai-compatible",
            "PROVIDER_TIMEOUT_SECONDS": "1",
            "CHAT_LLM_TIMEOUT_SECONDS": "1",
        }
        server = start_server(env)
        headers = administrator(server).headers
        # The health page may have begun to ask before.
        assert _once(server, "/models", headers) < 3
        for path, status in zip(PATHS, (502, 502, 200, 200), strict=True):
            assert listed(server, path, headers).status_code == status, path
            assert seconds(server, path, headers) < SOON, path
