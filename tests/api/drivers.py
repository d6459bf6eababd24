"""One driver for each dialect: it asks as the dialect's clients do, and tells what they see."""

import json
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.api.accounts import Account, administrator, signed_in
from tests.client import Server
from tests.sse import Event, parse


@dataclass(frozen=True)
class Outcome:
    """`text` is what was shown as the answer, `error` the fault that was shown as its end."""

    text: str
    error: str | None
    turn_id: str


class Driver(ABC):
    """A client with a conversation of its own."""

    shows_partial = True

    def __init__(self, server: Server) -> None:
        self.server = server
        self.begin()

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def ask(self, prompt: str) -> Outcome: ...

    @abstractmethod
    def history(self) -> list[str]:
        """The contents of what the dialect shows as said so far."""

    def shown(self, text: str) -> str:
        """How the dialect shows a text."""
        return text


class Sessions(Driver):
    shows_partial = False

    def begin(self) -> None:
        self.path = f"/sessions/{self.server.post('/sessions', json={}).json()['id']}"

    def ask(self, prompt: str) -> Outcome:
        answer = self.server.post(f"{self.path}/messages", json={"content": prompt})
        body, turn_id = answer.json(), answer.headers["X-Turn-ID"]
        if answer.status_code == 200:
            return Outcome(body["message"]["content"], None, turn_id)
        assert (answer.status_code, body["error"]["code"]) == (502, "provider_error")
        return Outcome("", body["error"]["message"], turn_id)

    def history(self) -> list[str]:
        return [message["content"] for message in self.server.get(self.path).json()["history"]]


class ChatStream(Driver):
    def begin(self) -> None:
        self.last_id: str | None = None
        self.said: list[str] = []

    def ask(self, prompt: str) -> Outcome:
        body = {"message": prompt, "previous_response_id": self.last_id}
        answer = self.server.post("/api/chat/stream", json=body)
        *deltas, last = parse(_checked(answer).content)
        text = "".join(event.data for event in deltas)
        error = last.data.removeprefix("Stream error: ") if last.event == "error" else None
        if error is None:
            self.last_id, self.said = last.data, [*self.said, prompt, text]
        return Outcome(text, error, answer.headers["X-Turn-ID"])

    def history(self) -> list[str]:
        return self.said

    def shown(self, text: str) -> str:
        """B-2.5"""
        return re.sub(r"\r\n?", "\n", text)


class Conversations(Driver):
    def begin(self) -> None:
        self.path = f"/conversations/{self.server.post('/conversations', json={}).json()['id']}"

    def ask(self, prompt: str) -> Outcome:
        self.server.post(f"{self.path}/messages", json={"message": prompt}).raise_for_status()
        answer = self.server.get(f"{self.path}/stream")
        *deltas, last = [json.loads(event.data) for event in parse(_checked(answer).content)]
        text = "".join(delta["content"] for delta in deltas)
        assert "error" in last or last["done"] is True
        return Outcome(text, last.get("error"), answer.headers["X-Turn-ID"])

    def history(self) -> list[str]:
        messages = self.server.get(f"{self.path}/messages").json()["messages"]
        return [message["content"] for message in messages]


class Turns(Conversations):
    """Whatever a dialect asked, followed where every turn can be."""

    def ask(self, prompt: str) -> Outcome:
        turn_id = super().ask(prompt).turn_id
        answer = self.server.get(f"/api/turns/{turn_id}/events")
        events: list[Event] = parse(_checked(answer).content)
        text = "".join(json.loads(e.data)["text"] for e in events if e.event == "delta")
        last = json.loads(events[-1].data)
        return Outcome(text, last["message"] if events[-1].event == "error" else None, turn_id)


class Responses(Driver):
    """Each prompt continues the response before it."""

    def begin(self) -> None:
        self.last_id: str | None = None
        self.said: list[str] = []

    def ask(self, prompt: str) -> Outcome:
        body = {"input": prompt, "previous_response_id": self.last_id, "stream": True}
        answer = self.server.post("/v1/responses", json=body)
        *events, last = [json.loads(event.data) for event in parse(_checked(answer).content)]
        kind = "response.output_text.delta"
        text = "".join(event["delta"] for event in events if event["type"] == kind)
        response = last["response"]
        if response["error"] is None:
            self.last_id, self.said = response["id"], [*self.said, prompt, text]
        error = response["error"] and response["error"]["message"]
        return Outcome(text, error, answer.headers["X-Turn-ID"])

    def history(self) -> list[str]:
        return self.said


class SignedIn(Server):
    """A running server as someone with an access token sees it."""

    def __init__(self, account: Account) -> None:
        self.__dict__ |= account.server.__dict__
        self._http = httpx.Client(
            base_url=self.url, headers=account.headers, trust_env=False, timeout=30.0
        )


_signed_in: dict[str, tuple[float, SignedIn]] = {}
_TOKEN_SECONDS = 600.0


def _as_user(server: Server) -> SignedIn:
    """The same user for all tests, with a token that has not expired."""
    made_at, found = _signed_in.get(server.url, (-_TOKEN_SECONDS, None))
    if found is None or time.monotonic() > made_at + _TOKEN_SECONDS:
        account = administrator(server)
        found = SignedIn(signed_in(server, account.username, account.password))
        _signed_in[server.url] = time.monotonic(), found
    return found


class Threads(Driver):
    def __init__(self, server: Server) -> None:
        super().__init__(_as_user(server))

    def begin(self) -> None:
        self.path = f"/api/threads/{self.server.post('/api/threads', json={}).json()['id']}"

    def ask(self, prompt: str) -> Outcome:
        body = {"text": prompt, "model": "scripted-small"}
        answer = self.server.post(f"{self.path}/messages/stream", json=body)
        *sent, last = parse(_checked(answer).content)
        assert last.data == "[DONE]"
        chunks = [json.loads(event.data) for event in sent]
        choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
        text = "".join(choice["delta"].get("content") or "" for choice in choices)
        errors = [chunk["error"]["message"] for chunk in chunks if "error" in chunk]
        return Outcome(text, errors[0] if errors else None, answer.headers["X-Turn-ID"])

    def history(self) -> list[str]:
        items = self.server.get(f"{self.path}/messages", params={"limit": 100}).json()["items"]
        return [message["text"] for message in reversed(items)]


class Chat(AbstractContextManager["Chat"]):
    """A connection to `/ws/chat`."""

    def __init__(
        self,
        server: Server,
        *,
        query: str = "",
        origin: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        url = f"{server.url.replace('http', 'ws', 1)}/ws/chat{query}"
        origins = {"Origin": origin} if origin else {}
        # The ping is the server's.
        self._connect = connect(
            url,
            additional_headers={**headers, **origins},
            compression=None,
            proxy=None,
            ping_interval=None,
            max_size=None,
            close_timeout=5,
        )

    def __enter__(self) -> Self:
        self.line = self._connect.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._connect.__exit__(*exception)

    def send(self, frame: str | bytes | dict[str, Any] | None = None, **fields: Any) -> None:
        self.line.send(json.dumps(frame or fields) if not isinstance(frame, str | bytes) else frame)

    def receive(self, *, seconds: float = 10.0) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.line.recv(timeout=seconds))
        return frame

    def begin(self, prompt: str, **fields: Any) -> None:
        self.send(messages=[{"role": "user", "content": prompt}], **fields)

    def reply(self) -> list[dict[str, Any]]:
        """The frames up to the end of the reply that runs, or that comes next."""
        frames = [self.receive()]
        while frames[-1]["type"] not in ("done", "error"):
            frames.append(self.receive())
        return frames

    def ask(self, prompt: str, **fields: Any) -> list[dict[str, Any]]:
        self.begin(prompt, **fields)
        return self.reply()

    def closed(self, *, seconds: float = 10.0) -> int:
        """The code with which the server closes; what comes before that is dropped."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.line.recv(timeout=deadline - time.monotonic())
            except ConnectionClosed as closed:
                assert closed.rcvd is not None
                return closed.rcvd.code


def text_of(frames: list[dict[str, Any]]) -> str:
    return "".join(frame["text"] for frame in frames if frame["type"] == "delta")


class WebSocket(Driver):
    """Each prompt on a connection of its own, attached to what was said before."""

    def begin(self) -> None:
        self.place: dict[str, str] = {}
        self.said: list[str] = []

    def ask(self, prompt: str) -> Outcome:
        with Chat(self.server) as chat:
            frames = chat.ask(prompt, events=True, **self.place)
        began = next(frame for frame in frames if frame["type"] == "turn")
        text, last = text_of(frames), frames[-1]
        if last["type"] == "done":
            self.place = {"conversation_id": began["conversation_id"]}
            self.said += [prompt, text]
        return Outcome(text, last.get("error"), began["turn_id"])

    def history(self) -> list[str]:
        return list(self.said)


def _checked(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["X-Request-ID"]
    return answer


DRIVERS: tuple[type[Driver], ...] = (
    Sessions,
    ChatStream,
    Conversations,
    Turns,
    Threads,
    WebSocket,
    Responses,
)
