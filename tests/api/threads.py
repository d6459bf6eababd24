"""Threads as their owners use them, and agents as the scripted upstream plays them."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests import sse
from tests.api.accounts import Account
from tests.api.talking import NOBODY
from tests.client import Server

Json = dict[str, Any]

THREAD_FIELDS = ["id", "owner_id", "title", "summary", "metadata", "is_deleted"]
THREAD_FIELDS += ["created_at", "updated_at", "deleted_at"]
MESSAGE_FIELDS = ["id", "thread_id", "sender_id", "sender_type", "status", "text", "metadata"]
MESSAGE_FIELDS += ["tokens_count", "error_code", "correlation_id", "created_at", "updated_at"]
MESSAGE_FIELDS += ["attachments"]
FILE_FIELDS = ["id", "filename", "content_type", "size_bytes", "created_at", "data_base64"]
FILE_FIELDS += ["download_url"]

MODEL = "scripted-small"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
DONE_MARK: Json = {"raw": "data: [DONE]\n\n"}


@dataclass(frozen=True)
class Thread:
    """A thread, and the API as its owner calls it."""

    owner: Account
    id: str

    @property
    def path(self) -> str:
        return f"/api/threads/{self.id}"

    def ask(
        self, text: str = "Hello", *, headers: dict[str, str] | None = None, **fields: Any
    ) -> httpx.Response:
        """The answer to a message, which comes when the turn is over."""
        return self._send("messages", text, headers, fields)

    def stream(
        self, text: str = "Hello", *, headers: dict[str, str] | None = None, **fields: Any
    ) -> httpx.Response:
        """The whole event stream."""
        return self._send("messages/stream", text, headers, fields)

    @contextmanager
    def streaming(self, text: str, **fields: Any) -> Iterator[httpx.Response]:
        """A stream that is still under way."""
        body = {"text": text, "model": MODEL, **fields}
        url, headers = f"{self.owner.server.url}{self.path}/messages/stream", self.owner.headers
        with httpx.stream(
            "POST", url, json=body, headers=headers, timeout=30, trust_env=False
        ) as answer:
            assert answer.status_code == 200, answer.read()
            yield answer

    def get(self, below: str = "", **query: Any) -> Json:
        answer = call(self.owner, "GET", f"{self.path}{below}", params=query)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def change(self, **fields: Any) -> httpx.Response:
        return call(self.owner, "PATCH", self.path, json=fields)

    def messages(self) -> list[Json]:
        """Oldest first."""
        items: list[Json] = self.get("/messages", limit=100)["items"]
        return items[::-1]

    def question(self) -> Json:
        """The last message of the user."""
        return [row for row in self.messages() if row["sender_type"] == "user"][-1]

    def _send(
        self, below: str, text: str, headers: dict[str, str] | None, fields: Json
    ) -> httpx.Response:
        body = {"text": text, "model": MODEL, **fields}
        return call(self.owner, "POST", f"{self.path}/{below}", json=body, headers=headers)


def call(
    account: Account,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    **options: Any,
) -> httpx.Response:
    """What a path below the server's root answers to this account."""
    sent = {**account.headers, **(headers or {})}
    return account.server.request(method, path, headers=sent, **options)


def new_thread(owner: Account, **fields: Any) -> Thread:
    answer = call(owner, "POST", "/api/threads", json=fields)
    assert answer.status_code == 201, answer.text
    return Thread(owner, answer.json()["id"])


def every_call_to(account: Account, thread: Thread) -> list[httpx.Response]:
    """What each of a thread's calls but DELETE answers."""
    question = {"text": "Hello", "model": MODEL, "attachments": [file("a.txt", b"a")]}
    return [
        call(account, "GET", thread.path),
        call(account, "PATCH", thread.path, json={"title": "Mine"}),
        call(account, "GET", f"{thread.path}/messages"),
        call(account, "POST", f"{thread.path}/messages", json=question),
        call(account, "POST", f"{thread.path}/messages/stream", json=question),
        call(account, "PATCH", f"{thread.path}/messages/{NOBODY}", json={"status": "ready"}),
        call(account, "GET", f"{thread.path}/export"),
        call(account, "GET", f"/api/provider-threads/{thread.id}"),
        call(
            account, "PUT", f"/api/provider-threads/{thread.id}", json={"conversation_id": "mine"}
        ),
    ]


def events(answer: httpx.Response) -> list[Any]:
    """The events' JSON; `[DONE]` as it is."""
    assert answer.status_code == 200, answer.text
    found = sse.parse(answer.content)
    assert {event.event for event in found} == {"message"}
    return [event.data if event.data == "[DONE]" else json.loads(event.data) for event in found]


def raw_events(answer: httpx.Response) -> list[str]:
    """The events' data, character by character."""
    return [event.data for event in sse.parse(answer.content)]


def statuses(found: list[Any]) -> list[str | None]:
    return [event if event == "[DONE]" else event.get("agent_status") for event in found]


def text_in(found: list[Any]) -> str:
    """What a client shows: the contents of all deltas."""
    choices: list[Any] = [
        event["choices"][0] for event in found if event != "[DONE]" and event.get("choices")
    ]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def state(thread: Thread, status: str, finish_reason: str | None = None) -> Json:
    """An event of the server's own, exactly (T-5)."""
    choices: list[Json] = [{"delta": {}, "finish_reason": finish_reason}]
    about = {"id": thread.id, "object": "chat.completion.chunk"}
    return {**about, "agent_status": status, "choices": choices}


def chunk(content: str = "", *, finish: str | None = None, **fields: Any) -> Json:
    """A chunk of an agent's answer, as a step of the upstream."""
    return raw(json.dumps(chunk_fields(content, finish=finish, **fields), ensure_ascii=False))


def chunk_fields(content: str = "", *, finish: str | None = None, **fields: Any) -> Json:
    choice = {"delta": {"content": content} if content else {}, "finish_reason": finish}
    return {"id": "run-1", "object": "chat.completion.chunk", "choices": [choice], **fields}


def raw(data: str) -> Json:
    """An event with this data, whatever it is."""
    return {"raw": f"data: {data}\n\n"}


def file(filename: str, data: bytes, content_type: str | None = None) -> Json:
    """An attachment as a client sends it."""
    sent = {"filename": filename, "data_base64": base64.b64encode(data).decode()}
    return sent | ({"content_type": content_type} if content_type else {})


def agents_file(filename: str, data: bytes, content_type: str = "text/plain") -> Json:
    """An attachment as an agent sends it."""
    encoded = base64.b64encode(data).decode()
    return {"filename": filename, "content_type": content_type, "data": encoded}


def with_files(*files: Any, **fields: Any) -> Json:
    """The last chunk of an agent's answer, with these attachments."""
    return chunk(finish="stop", message_metadata={"attachments": list(files), **fields})


def sent(thread: Thread, *files: Json) -> list[Json]:
    """The attachments in the answer to a message with these."""
    answer = thread.ask("Look", attachments=list(files))
    assert answer.status_code == 201, answer.text
    found: list[Json] = answer.json()["attachments"]
    return found


def stored_files(server: Server) -> set[str]:
    """Everything in the storage folder."""
    folder = Path(server._folder) / "storage"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def eventually(check: Callable[[], Any], *, seconds: float = 10.0) -> Any:
    """What the check finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "It never came to it."
        time.sleep(0.05)
    return found
