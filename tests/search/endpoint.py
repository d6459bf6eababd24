"""A fake of an OpenAI-compatible embeddings endpoint, on loopback."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, Any]


def of_lengths(question: dict[str, Any]) -> Answer:
    """Each text's length and a 1, the rows in the wrong order."""
    rows: list[Any] = [
        {"object": "embedding", "index": index, "embedding": [float(len(text)), 1.0]}
        for index, text in enumerate(question["input"])
    ]
    return 200, {"object": "list", "data": rows[::-1], "model": question["model"]}


@dataclass
class Endpoint:
    """`answer` makes the answer to a question: its status and its body."""

    url: str = ""
    answer: Callable[[dict[str, Any]], Answer] = of_lengths
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    fake = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.seen.append(question)
            fake.keys.append(self.headers["Authorization"])
            status, body = fake.answer(question) if self.path == "/v1/embeddings" else (404, "")
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**fake.headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is to be told."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        fake.url = f"http://127.0.0.1:{server.server_port}/v1"
        yield fake
        server.shutdown()
        thread.join()
