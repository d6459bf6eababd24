"""Redis that goes, comes back, was never there, or does not speak (C-5.8)."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.api.limits import BEHIND_PROXY, STINGY, new_address, new_key, use_up, via, with_key
from tests.client import Server
from tests.conftest import StartServer, found
from tests.durability.limits import LIMITED, configure, keys_in, load
from tests.services import RedisServer, free_port

pytestmark = [pytest.mark.redis]
# Far above what a request may wait, far below what a client would notice as an outage.
MOST_SECONDS = 2.0
RETURN_SECONDS = 10.0


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """One of the test's own, to be killed."""
    server = found(RedisServer.started)
    yield server
    server.stop(signal.SIGKILL)


def _halt(redis: RedisServer) -> None:
    redis.halt()


def _kill(redis: RedisServer) -> None:
    redis.kill()


def _freeze(redis: RedisServer) -> None:
    """It goes on accepting connections, and answers none."""
    assert redis._process
    redis._process._child.send_signal(signal.SIGSTOP)


def _revive(redis: RedisServer) -> None:
    assert redis._process
    if redis._process.running:
        redis._process._child.send_signal(signal.SIGCONT)
    else:
        redis.resume()


@pytest.mark.parametrize("end", [_halt, _kill, _freeze])
async def test_the_limit_holds_while_redis_goes_and_comes_back(
    start_server: StartServer, redis: RedisServer, end: Callable[[RedisServer], None]
) -> None:
    """C-5.8: no 5xx, nobody waits, no token is given out twice, and Redis is used again"""
    server = start_server({**LIMITED, "REDIS_URL": redis.url})

    async def disturb() -> None:
        for _ in range(2):
            await asyncio.sleep(1)
            await asyncio.to_thread(end, redis)
            await asyncio.sleep(1)
            await asyncio.to_thread(_revive, redis)

    seen, _ = await asyncio.gather(load(server, with_key(new_key()), requests=1000), disturb())
    print(f"\n{end.__name__.strip('_')} and revive, twice: {seen}")
    assert seen.accepted <= seen.allowed * 1.01
    assert seen.accepted >= seen.allowed * 0.9
    assert seen.worst < MOST_SECONDS
    _returns(server, redis)


def _returns(server: Server, redis: RedisServer) -> None:
    """Seen by the bucket of an address that has asked several times: a full one is not stored."""
    deadline = time.monotonic() + RETURN_SECONDS
    address = new_address()
    while not any(address.encode() in key for key in keys_in(redis)):
        assert time.monotonic() < deadline, "no request has been charged in Redis since"
        assert set(_statuses(server, via(address))) <= {404, 429}


def test_what_redis_forgot_is_not_given_out_again(
    start_server: StartServer, redis: RedisServer
) -> None:
    """C-5.8: a restart empties it."""
    server = start_server({**STINGY, **BEHIND_PROXY, "REDIS_URL": redis.url})
    key = with_key(new_key())
    use_up(server, key)
    _kill(redis)
    assert server.get("/nothing", headers=key).status_code == 429
    redis.resume()
    _returns(server, redis)
    assert server.get("/nothing", headers=key).status_code == 429


def test_what_was_used_while_redis_was_away_counts_afterwards(
    start_server: StartServer, redis: RedisServer
) -> None:
    """C-5.8"""
    server = start_server({**STINGY, **BEHIND_PROXY, "REDIS_URL": redis.url})
    key = with_key(new_key())
    assert server.get("/nothing", headers=key).status_code == 404
    redis.halt()
    use_up(server, key)
    redis.resume()
    _returns(server, redis)
    assert server.get("/nothing", headers=key).status_code == 429


def test_redis_may_be_absent_at_the_start(start_server: StartServer, redis: RedisServer) -> None:
    """C-5.8"""
    redis.halt()
    server = start_server({**STINGY, **BEHIND_PROXY, "REDIS_URL": redis.url})
    key = with_key(new_key())
    assert _statuses(server, key) == [404, 404, 404, 429]
    redis.resume()
    _returns(server, redis)
    assert server.get("/nothing", headers=key).status_code == 429


@pytest.mark.parametrize("port", ["closed", "silent"])
def test_redis_may_never_answer(start_server: StartServer, port: str) -> None:
    """C-5.8: nothing listens, or something that says nothing; limited all the same, and soon"""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        number = listener.getsockname()[1] if port == "silent" else free_port()
        server = start_server(
            {**STINGY, **BEHIND_PROXY, "REDIS_URL": f"redis://127.0.0.1:{number}/0"}
        )
        began = time.monotonic()
        for _ in range(10):
            assert _statuses(server, with_key(new_key())) == [404, 404, 404, 429]
        worst = time.monotonic() - began
        print(f"\nRedis {port}: 40 requests in {worst:.2f} s")
        assert worst < 10


@pytest.mark.parametrize(
    "setting",
    ["maxmemory 1", "requirepass secret", "min-replicas-to-write 1"],
)
def test_redis_that_takes_nothing_is_as_good_as_away(
    start_server: StartServer, redis: RedisServer, setting: str
) -> None:
    """C-5.8: full, locked, or without its replicas"""
    server = start_server({**STINGY, **BEHIND_PROXY, "REDIS_URL": redis.url})
    assert _statuses(server, with_key(new_key())) == [404, 404, 404, 429]
    configure(redis, *setting.split())
    for _ in range(3):
        assert _statuses(server, with_key(new_key())) == [404, 404, 404, 429]


def _statuses(server: Server, headers: dict[str, str]) -> list[int]:
    return [server.get("/nothing", headers=headers).status_code for _ in range(4)]
