"""The scripted upstream: an LLM provider on loopback that answers, or misbehaves, as a test asks.

A script with a `match` is played for prompts that contain it: several in their order, the last for
ever; one without is played once. Headers leave with the first thing sent. The dialect's usual end
follows a script that said something (text, reasoning, finish, usage) and reported no error.
"""

import argparse
import asyncio
import json
import re
import socket
import struct
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from tests.upstream_wires import CATALOGUES, WIRES, Json, embeddings, ollama

STEPS = {"text", "reasoning", "finish", "usage", "raw", "rubbish", "bom", "error", "sleep", "hang"}
STEPS |= {"crlf", "split", "status", "empty", "close", "reset", "refuse"}
LIFETIME = 3600.0


@dataclass
class Call:
    """A request and its fate; `disconnected` means that the client left before the end."""

    method: str
    path: str
    headers: dict[str, str]
    body: Json
    time: float
    disconnected: bool = False

    @property
    def prompt(self) -> str:
        turns = self.body.get("messages") or self.body.get("input") or []
        if isinstance(turns, str):
            return turns
        content = next((t.get("content") for t in reversed(turns) if t.get("role") == "user"), "")
        parts = [{"text": content}] if isinstance(content, str) else content or []
        return "".join(part.get("text", "") for part in parts)


def default_steps(prompt: str) -> list[Json]:
    half, pause = len(prompt) // 2, 0.0
    words = ["Echo: ", prompt[:half], prompt[half:]]
    if counted := re.fullmatch(r"tokens (\d+) every (\d+)", prompt.strip()):
        pause = int(counted[2]) / 1000
        words = [f" w{n}" if n else "w0" for n in range(int(counted[1]))]
    steps = [step for word in words if word for step in ({"sleep": pause}, {"text": word})][1:]
    asked, said = len(prompt.split()), len("".join(words).split())
    usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    return [*steps, {"finish": "stop"}, {"usage": usage}]


class Player:
    """Plays the steps of one answer onto a connection; `ended` once all of it is on its way."""

    def __init__(self, writer: asyncio.StreamWriter, call: Call) -> None:
        self.writer = writer
        self.wire = next(WIRES[end] for end in WIRES if call.path.endswith(end))
        self.said: Json = {"id": f"resp_{uuid4().hex}", "model": call.body.get("model", "scripted")}
        self.said |= {"text": "", "reasoning": "", "finish": "", "usage": {}}
        self.streams = call.body.get("stream", self.wire is ollama)
        self.headed = self.opened = self.spoke = self.ended = False
        self.newline, self.piece, self.literal = "\n", 0, ""

    async def play(self, steps: list[Json], answered: set[str]) -> None:
        for step in steps:
            kind = next(key for key in step if key in STEPS)
            await self._step(kind, step[kind], step)
            if self.ended:
                return
        self.ended = True
        if self.spoke:
            answered.add(self.said["id"])
            await self._speak("end")
        await self._send("" if self.streams else self._whole())
        self.writer.write(b"0\r\n\r\n")

    async def _step(self, kind: str, value: Any, step: Json) -> None:
        match kind:
            case "text" | "reasoning" | "finish" | "usage":
                self.said[kind] = value if kind in ("finish", "usage") else self.said[kind] + value
                self.spoke = True
                await self._speak(kind, value)
            case "raw" | "rubbish" | "bom" | "error":
                self.spoke = self.spoke and kind != "error"
                await self._put(kind, value)
            case "sleep" | "hang":
                await asyncio.sleep(LIFETIME if kind == "hang" else value)
            case "crlf" | "split":
                self.newline = "\r\n" if kind == "crlf" else self.newline
                self.piece = value if kind == "split" else self.piece
            case "status" | "empty":
                fault = json.loads(self.wire(self.said, "fault", "The script says so."))
                body = "" if kind == "empty" else step.get("body", fault)
                reply(self.writer, value if kind == "status" else 200, body, step.get("headers"))
                self.ended = True
            case _:
                await self._break(kind)

    async def _speak(self, kind: str, value: Any = None) -> None:
        if self.streams:
            opening = "" if self.opened else self.wire(self.said, "open", None)
            self.opened = True
            frame = opening + self.wire(self.said, kind, value)
            await self._send(frame.replace("\n", self.newline))

    async def _put(self, kind: str, value: str) -> None:
        framed = {"raw": value, "bom": "\ufeff"}.get(kind)
        if framed is None:
            kind = kind if self.streams or kind == "rubbish" else "fault"
            framed = self.wire(self.said, kind, value).replace("\n", self.newline)
        self.literal += framed
        if self.streams:
            await self._send(framed)

    def _whole(self) -> str:
        return self.literal or self.wire(self.said, "whole", None)

    async def _break(self, kind: str) -> None:
        self.ended = True
        if kind == "close":
            await self._send("" if self.streams else self._whole()[:-9])
        elif kind == "reset":
            # A reset may throw away what the client has not read yet.
            await asyncio.sleep(0.02)
            sock: socket.socket = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        raise ConnectionAbortedError

    async def _send(self, text: str) -> None:
        if not self.headed:
            media = "application/x-ndjson" if self.wire is ollama else "text/event-stream"
            media = media if self.streams else "application/json"
            self.writer.write(head(200, media, {"Transfer-Encoding": "chunked"}))
            self.headed = True
        data, began = text.encode("utf-8", "surrogateescape"), time.monotonic()
        for number, start in enumerate(range(0, len(data), self.piece or len(data) or 1), 1):
            piece = data[start : start + (self.piece or len(data))]
            self.writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await self.writer.drain()
            # Each at its time, or on a busy machine a millisecond would be several.
            due = began + number / 1000 if self.piece else 0.0
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def head(status: int, media: str, headers: dict[str, str]) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Scripted\r\nContent-Type: {media}\r\n{fields}\r\n".encode()


def reply(writer: asyncio.StreamWriter, status: int, body: Any, headers: Any = None) -> None:
    media = "text/plain" if isinstance(body, str) else "application/json"
    data = (body if isinstance(body, str) else json.dumps(body)).encode()
    size = {"Content-Length": str(len(data))}
    writer.write(head(status, media, size | (headers or {})) + data)


async def call_from(reader: asyncio.StreamReader) -> Call:
    first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (row.partition(":") for row in rest if row)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
    return Call(method, path.partition("?")[0], headers, body, time.time())


class Upstream:
    """What it will answer, what it has seen, and which answers can be continued."""

    def __init__(self) -> None:
        self.scripts: dict[str | None, deque[list[Json]]] = {}
        self.seen: list[Call] = []
        self.answered: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                call = await call_from(reader)
                if not self._plain(call, writer):
                    await self._play(call, reader, Player(writer, call))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _plain(self, call: Call, writer: asyncio.StreamWriter) -> bool:
        """Answers what needs no script; False when a script is to be played."""
        forgotten = call.body.get("previous_response_id") not in {None, *self.answered}
        if call.path.startswith("/_control/"):
            reply(writer, *self._control(call))
            return True
        self.seen.append(call)
        if call.path in CATALOGUES:
            reply(writer, 200, CATALOGUES[call.path])
        elif call.path.endswith("/embeddings"):
            reply(writer, 200, embeddings(call.body))
        elif forgotten or not call.path.endswith(tuple(WIRES)):
            code = "previous_response_not_found" if forgotten else "not_found"
            reply(writer, 404, {"error": {"message": f"Not here: {call.path}", "code": code}})
        else:
            return False
        return True

    async def _play(self, call: Call, reader: asyncio.StreamReader, player: Player) -> None:
        playing = asyncio.ensure_future(player.play(self._steps(call.prompt), self.answered))
        while not playing.done():
            await asyncio.wait({playing}, timeout=0.05)
            if reader.at_eof() or reader.exception():
                playing.cancel()
        call.disconnected = not player.ended
        await playing

    def _steps(self, prompt: str) -> list[Json]:
        for match, queue in self.scripts.items():
            if match is not None and match in prompt:
                return queue.popleft() if len(queue) > 1 else queue[0]
        once = self.scripts.get(None)
        return once.popleft() if once else default_steps(prompt)

    def _control(self, call: Call) -> tuple[int, Any]:
        match call.path.removeprefix("/_control/"):
            case "reset":
                self.scripts, self.seen, self.answered = {}, [], set()
            case "script":
                if unknown := [step for step in call.body["steps"] if not STEPS & step.keys()]:
                    return 400, {"error": f"Not a step: {unknown[0]}. Known: {sorted(STEPS)}"}
                queue = self.scripts.setdefault(call.body.get("match"), deque())
                queue.append(call.body["steps"])
        return 200, [asdict(seen) for seen in self.seen]


async def main(port: int) -> None:
    server = await asyncio.start_server(Upstream().serve, "127.0.0.1", port, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.wait_for(server.serve_forever(), LIFETIME)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=0)
    asyncio.run(main(arguments.parse_args().port))
