"""Servers that several modules of these tests share."""

from collections.abc import Iterator

import pytest

from tests.api.openai import v1_server
from tests.client import Databases, Server, Upstream


@pytest.fixture(scope="session")
def v1(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    """Whoever asks may ask; on SQLite, with OpenAI itself beside the default provider."""
    env = {"OPENAI_API_KEY": "sk-openai", "OPENAI_BASE_URL": f"{upstream.url}/v1"}
    env |= {"DEFAULT_PROVIDER": "openai-compatible"}
    with v1_server(databases, upstream, env) as server:
        yield server


@pytest.fixture(scope="session")
def guarded_v1(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    """The key is `shared`; on SQLite."""
    with v1_server(databases, upstream, {"API_KEY": "shared"}) as server:
        yield server
