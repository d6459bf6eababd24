"""Streams as a client on a bad line reads them."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.sse import Reader

_ENDS = {"done", "error"}


def new_conversation(server: Any, prompt: str) -> str:
    """A stored conversation with one question; its id."""
    conversation: str = server.post("/conversations", json={}).json()["id"]
    sent = server.post(f"/conversations/{conversation}/messages", json={"message": prompt})
    sent.raise_for_status()
    return conversation


@dataclass
class BadLine:
    """Reads a turn's stream in pieces, each lost after so many bytes, and joins what came."""

    client: httpx.AsyncClient
    key: str = field(default_factory=lambda: uuid4().hex)
    text: str = ""
    last_id: str = ""
    turn_ids: set[str] = field(default_factory=set)
    end: dict[str, Any] | None = None

    async def read(self, path: str, *, lost_after: int | None) -> None:
        """One connection: to its end, or until `lost_after` bytes have come."""
        # The key covers the first bytes, before any id has come.
        headers = {"Idempotency-Key": self.key}
        headers |= {"Last-Event-ID": self.last_id} if self.last_id else {}
        async with self.client.stream("GET", path, headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            self.turn_ids.add(response.headers["X-Turn-ID"])
            reader, left = Reader(), lost_after
            async for piece in response.aiter_raw():
                kept = piece if left is None else piece[:left]
                for event in reader.feed(kept):
                    self._take(event.event, event.data)
                self.last_id = reader.last_event_id or self.last_id
                if left is not None:
                    left -= len(kept)
                    if left <= 0:
                        return

    def _take(self, name: str, data: str) -> None:
        body = httpx.Response(200, text=data).json()
        if "content" in body:
            self.text += body["content"]
        elif name == "delta":
            self.text += body["text"]
        elif name == "reset":
            self.text = body["text"]
        elif name in _ENDS or body.get("done") or "error" in body:
            self.end = body


def words(count: int) -> str:
    """What the scripted upstream says to `tokens <count> every …`."""
    return " ".join(f"w{number}" for number in range(count))


def is_prefix_of_words(text: str, count: int) -> bool:
    return words(count).startswith(text) and re.fullmatch(r"[w0-9 ]*", text) is not None
