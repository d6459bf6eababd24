"""P4: a client that loses its connection at any byte gets the rest, exactly."""

import asyncio
import random

import httpx
import pytest

from tests.client import Server, Upstream
from tests.durability.streams import BadLine, new_conversation

CLIENTS = 200
AT_ONCE = 20
PIECES = [
    "Zwölf ",
    "Boxkämpfer\n\n",
    "جاگن ",
    "🦆🦆",
    "\r\n",
    " x ",
    "漢字かな",
    "- a\n- b\n",
    "`code` ",
] * 4
TEXT = "".join(PIECES)


@pytest.fixture
def chatty(upstream: Upstream) -> Upstream:
    steps = [step for piece in PIECES for step in ({"text": piece}, {"sleep": 0.01})]
    upstream.script(*steps, {"finish": "stop"}, match="resume me")
    return upstream


@pytest.mark.timeout(180)
async def test_a_client_that_drops_at_random_bytes_gets_the_whole_text(
    server: Server, chatty: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random()
    gate = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as client:
        conversations = [
            await asyncio.to_thread(new_conversation, server, f"resume me {number}")
            for number in range(CLIENTS)
        ]

        async def resumed(conversation: str) -> tuple[BadLine, int]:
            line, losses = BadLine(client), 0
            async with gate:
                while line.end is None:
                    lost_after = chance.randint(1, 1500) if losses < 4 else None
                    await line.read(f"/conversations/{conversation}/stream", lost_after=lost_after)
                    losses += line.end is None
                    await asyncio.sleep(chance.random() * 0.3)
            return line, losses

        lines = await asyncio.gather(*map(resumed, conversations))
    assert [line.text for line, _ in lines if line.text != TEXT] == []
    assert all(len(line.turn_ids) == 1 for line, _ in lines)
    asked = chatty.requests("/chat/completions")
    assert len(asked) == CLIENTS
    with capsys.disabled():
        losses = sum(lost for _, lost in lines)
        print(f"\nresume: {CLIENTS} clients, {losses} lost connections, {CLIENTS} exact texts")


async def test_a_client_that_comes_back_after_the_end_gets_the_rest(
    server: Server, chatty: Upstream
) -> None:
    conversation = new_conversation(server, "resume me later")
    async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as client:
        line = BadLine(client)
        await line.read(f"/conversations/{conversation}/stream", lost_after=700)
        await asyncio.sleep(1.5)
        await line.read(f"/conversations/{conversation}/stream", lost_after=None)
        turn_id = next(iter(line.turn_ids))
        other = BadLine(client)
        await other.read(f"/api/turns/{turn_id}/events", lost_after=None)
    assert line.text == TEXT
    assert other.text == TEXT
    assert len(chatty.requests("/chat/completions")) == 1
