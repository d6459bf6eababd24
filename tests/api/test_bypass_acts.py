"""A change of the bypass list acts on the next request (C-5.6, C-7.3)."""

import threading
from collections.abc import Iterator

import pytest

from tests.api.limits import (
    BEHIND_PROXY,
    STINGY,
    accepted,
    asked,
    is_allowed,
    new_address,
    new_key,
    new_network,
    operator,
    use_up,
    via,
    with_key,
)
from tests.api.test_metrics import samples
from tests.client import Databases, Server

LIST = "/admin/bypass"
Pair = tuple[Server, Server]


@pytest.fixture(scope="module", params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def pair(
    request: pytest.FixtureRequest, database_kind: str, databases: Databases
) -> Iterator[Pair]:
    """Two processes on one database, with and without Redis."""
    env = {**STINGY, **BEHIND_PROXY}
    if request.param == "redis":
        env["REDIS_URL"] = request.getfixturevalue("redis_url")
    url = databases.new(database_kind)
    first = Server.start(url, env)
    second = Server.start(url, env)
    yield first, second
    first.stop()
    second.stop()


def _add(server: Server, entry: str) -> None:
    answer = server.post(LIST, json={"ip": entry}, headers=operator())
    assert answer.status_code == 201


def _remove(server: Server, entry: str) -> None:
    assert server.delete(f"{LIST}/{entry}", headers=operator()).status_code == 204


def test_a_change_acts_on_the_next_request_of_every_process(pair: Pair) -> None:
    """C-7.3, ten times over, so that nothing is right by luck"""
    address = new_address()
    for server in pair:
        use_up(server, via(address))
    for turn in range(10):
        changed = pair[turn % 2]
        _add(changed, address)
        assert [is_allowed(server, via(address)) for server in pair] == [True, True]
        _remove(changed, address)
        assert [is_allowed(server, via(address)) for server in pair] == [False, False]


def test_a_change_acts_on_whoever_is_refused_all_the_time(pair: Pair) -> None:
    """C-7.3, while the list is being read for a flood of refusals"""
    here, there = pair
    address, over = new_address(), threading.Event()
    use_up(here, via(address))
    flood = [threading.Thread(target=_flood, args=(here, address, over)) for _ in range(8)]
    for thread in flood:
        thread.start()
    try:
        for changed in (here, there, here, there):
            _add(changed, address)
            assert all(is_allowed(here, via(address)) for _ in range(5))
            _remove(changed, address)
            alone = _charged_alone(here)
            let_through = accepted(asked(here, via(address), 5))
            # A server that is too busy to hear Redis in time has a burst of its own to give.
            assert let_through <= _charged_alone(here) - alone
    finally:
        over.set()
        for thread in flood:
            thread.join()


def _charged_alone(server: Server) -> float:
    """Requests that were charged without Redis; none where there is no Redis."""
    return samples(server)["parley_rate_limit_alone_total"][()]


def _flood(server: Server, address: str, over: threading.Event) -> None:
    while not over.is_set():
        is_allowed(server, via(address))


def test_a_block_holds_all_addresses_inside(pair: Pair) -> None:
    """C-5.6"""
    network = new_network()
    host, foreign = via(f"{network}:1::1"), via(f"{new_network()}::1")
    for server in pair:
        use_up(server, host)
        use_up(server, foreign)
    _add(pair[0], f"{network}::/64")
    for server in pair:
        assert is_allowed(server, host)
        assert not is_allowed(server, foreign)


def test_a_single_ipv6_host_can_be_listed(pair: Pair) -> None:
    """C-5.6: it is never refused, though its network has used up what it has."""
    network = new_network()
    listed, neighbour = via(f"{network}::1"), via(f"{network}::2")
    _add(pair[0], f"{network}::1")
    use_up(pair[0], neighbour)
    assert is_allowed(pair[0], listed)
    assert not is_allowed(pair[0], neighbour)


def test_a_listed_address_is_never_refused_for_its_key(pair: Pair) -> None:
    """C-5.6; elsewhere the same key is."""
    key, address = new_key(), new_address()
    use_up(pair[0], with_key(key))
    assert not is_allowed(pair[0], with_key(key, address))
    _add(pair[1], address)
    assert all(is_allowed(pair[0], with_key(key, address)) for _ in range(10))
    assert not is_allowed(pair[0], with_key(key))


def test_a_spoofed_hop_does_not_borrow_a_listed_address(pair: Pair) -> None:
    """C-5.2, C-5.6"""
    listed, real = new_address(), new_address()
    _add(pair[0], listed)
    use_up(pair[0], via(real))
    assert not is_allowed(pair[0], via(f"{listed}, {real}"))
    assert is_allowed(pair[0], via(f"{real}, {listed}"))


def test_everyone_can_be_listed(pair: Pair) -> None:
    """C-5.6"""
    address, network = via(new_address()), via(f"{new_network()}::1")
    for headers in (address, network):
        use_up(pair[0], headers)
    _add(pair[0], "0.0.0.0/0")
    try:
        assert is_allowed(pair[1], address)
        assert [is_allowed(pair[0], each) for each in (address, network)] == [True, False]
    finally:
        _remove(pair[0], "0.0.0.0/0")
    assert not is_allowed(pair[0], address)
