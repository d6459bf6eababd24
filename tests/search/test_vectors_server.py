"""A Chroma server that does not answer."""

import socket
from pathlib import Path

import httpx
import pytest

from search.errors import StoreUnavailable
from search.vectors import connection
from search.vectors.generations import Generations
from tests.services import free_port


def test_a_server_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"http://user:secret@127.0.0.1:{free_port()}/chroma"
    with pytest.raises(StoreUnavailable, match=r"at http://127\.0\.0\.1:\d+/chroma") as caught:
        Generations(tmp_path, url).store(1)
    assert "secret" not in str(caught.value)


def test_a_server_that_says_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_TIMES", httpx.Timeout(0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreUnavailable, match="Timeout"):
            Generations(tmp_path, f"http://127.0.0.1:{port}").store(1)


def test_a_call_to_a_server_takes_ten_seconds_at_most() -> None:
    assert (connection._TIMES.read, connection._TIMES.connect) == (10, 3)
