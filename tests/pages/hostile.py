"""Somebody whose every name, title, file and message is an attack."""

from base64 import b64encode
from itertools import product
from typing import Any

from tests.api.accounts import Account, administrator, register, signed_in
from tests.client import Server, Upstream
from tests.conversations.exports import attachment, conversation, file_of, message
from tests.rendering.payloads import ALL, HTML, LETTING_OUT

# What every database takes, and of it what is one line.
TEXTS = [payload for payload in ALL if "\0" not in payload]
TITLES = [text[:255] for text in TEXTS if text.isprintable() and text.strip() == text]
NAME = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>"
FAULT = " ".join(HTML[:12])
MODEL = f"{NAME}<svg/onload=alert(1)>"
PROGRAMS = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    b"<!doctype html><script>alert(1)</script><img src=//evil.example/x>",
)
_LATER = "2026-03-01T00:00:00Z"
_LINES = {"Content-Type": "application/x-ndjson"}

Line = dict[str, Any]


class Attacker:
    """A conversation and a file named by each payload, some of them deleted, and one of all."""

    def __init__(self, server: Server) -> None:
        self.server = server
        made = register(server, NAME, by=administrator(server), full_name=NAME)
        assert made.status_code == 201, made.text
        self.account: Account = signed_in(server, NAME)
        self.everything, lines = _everything()
        self._import([line for title in TITLES for line in _named(title)])
        self._import([line for title in TITLES[:30] for line in _named(title, deleted_at=_LATER)])
        self._import(lines)
        self.pictures, lines = _pictures()
        self._import(lines)
        for name in [NAME, *HTML[:6], *LETTING_OUT[:6]]:
            self.account.new_key(name=name[:100])

    def asks(self, upstream: Upstream) -> str:
        """Of a model with a hostile name, once in vain; the path of the conversation."""
        fault = {"error": {"message": FAULT, "type": "invalid_request_error"}}
        upstream.script({"status": 400, "body": fault}, match="Fail, please")
        headers = self.account.headers
        thread = self.server.post("/api/threads", json={"title": NAME}, headers=headers).json()
        path = f"/api/threads/{thread['id']}/messages"
        for text in ("Answer, please", "Fail, please"):
            self.server.post(path, json={"text": text, "model": MODEL}, headers=headers)
        return f"/c/{thread['id']}"

    def _import(self, lines: list[Line]) -> None:
        headers = self.account.headers | _LINES
        answer = self.server.post("/api/import", content=file_of(*lines), headers=headers)
        counts = answer.json()["counts"]
        assert all(count["refused"] == 0 for count in counts.values()), answer.text


def _named(title: str, **fields: Any) -> list[Line]:
    row = conversation(title=title, **fields)
    said = message(row, content=title)
    return [row, said, attachment(said, "cGxhaW4=", filename=title)]


def _pictures() -> tuple[str, list[Line]]:
    """The path of a conversation with files that are programs, by whatever type they are called."""
    row = conversation(title="Pictures", updated_at=_LATER)
    said = message(row, content="Look")
    kinds = ("image/svg+xml", "text/html", "image/png", "application/xhtml+xml", "text/xml")
    files = [
        attachment(said, b64encode(body).decode(), filename=f"{place}.png", content_type=kind)
        for place, (body, kind) in enumerate(product(PROGRAMS, kinds))
    ]
    return f"/c/{row['id']}", [row, said, *files]


def _everything() -> tuple[str, list[Line]]:
    """The path of a conversation of all payloads, each said by both sides, and its lines."""
    row = conversation(title="Everything", updated_at=_LATER)
    lines = [row]
    for text in TEXTS:
        lines.append(message(row, content=text, model=text[:200]))
        said: Line = {"role": "assistant", "sender_id": "assistant"}
        lines.append(message(row, content=text, model=text[:200], **said))
    return f"/c/{row['id']}", lines
