"""Browser origins on the pages that are for everybody (C-6.8); the APIs' own are in tests/api."""

import pytest

from tests.client import Server


@pytest.mark.parametrize("origin", ["null", "https://elsewhere.example"])
def test_health_may_be_read_from_any_origin(server: Server, origin: str) -> None:
    answer = server.get("/health", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin


def test_the_apis_may_not(server: Server) -> None:
    answer = server.get("/conversations", headers={"Origin": "null"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_health_answers_head(server: Server) -> None:
    answer = server.request("HEAD", "/health")
    assert (answer.status_code, answer.content) == (200, b"")
