"""What the application sees of a body that is too large; the answer is tested in tests/api."""

from collections import deque
from typing import Any

import pytest
from django.test import override_settings

from chatproject.asgi_types import Message, Receive, Scope, Send
from chatproject.middleware.body_cap import BodyCap


def piece(size: int, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": b"x" * size, "more_body": more}


async def seen_of(*messages: Message, announced: int | None = None) -> list[Message]:
    """What an application gets that reads the body and then waits for the client to leave."""
    coming = deque([*messages, {"type": "http.disconnect"}])
    seen: list[Message] = []

    async def receive() -> Message:
        return coming.popleft()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while not seen or seen[-1].get("more_body"):
            seen.append(await receive())
        seen.append(await receive())

    async def send(message: Message) -> None:
        raise AssertionError(message)

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    scope: dict[str, Any] = {"type": "http", "headers": headers, "is_api": True}
    with override_settings(MAX_BODY_BYTES=10):
        await BodyCap(application)(scope, receive, send)
    return seen


async def test_a_body_within_the_limit_is_passed_on() -> None:
    body = [piece(6), piece(4, more=False)]
    assert await seen_of(*body) == [*body, {"type": "http.disconnect"}]


@pytest.mark.parametrize("announced", [None, 40])
async def test_what_comes_after_the_limit_is_never_taken_for_a_message(
    announced: int | None,
) -> None:
    """Django takes anything but a departure behind a body for a fault of the server."""
    body = [piece(6), piece(6), piece(20), piece(8, more=False)]
    *read, last = await seen_of(*body, announced=announced)
    assert read[-1] == {"type": "http.request", "body": b"", "more_body": False}
    assert last == {"type": "http.disconnect"}
