"""Chat completions need no database: it is asked for a key, and then not for five seconds."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from accounts import keyring
from accounts.callers import Caller
from accounts.keyring import KEY_PREFIX, KEYRING, KnownKey
from chatproject.asgi import application
from providers.backends.demo import Demo
from providers.registry import ProviderSpec, Registry, use_registry
from tests.api.openai import CHAT, said

SECRET = f"{KEY_PREFIX}known"
ANN = Caller(kind="user", workspace="user:ann")


@pytest.fixture(autouse=True)
def _demo() -> Iterator[None]:
    backend = f"{Demo.__module__}.{Demo.__name__}"
    use_registry(Registry({"demo": ProviderSpec(backend, {"delay": 0.0}, None)}))
    yield
    use_registry(None)


@pytest.fixture
def known_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A key that was looked up just now."""
    with monkeypatch.context() as patch:
        patch.setattr(keyring, "_stored", lambda digest: KnownKey(ANN, None, None))
        KEYRING.find(SECRET)
    yield SECRET
    KEYRING.forget()


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_touches_no_database(known_key: str, stream: bool) -> None:
    """Every access to one would be an error here: pytest-django sees to it."""
    body = {"messages": said("Hello"), "stream": stream}
    answer = asyncio.run(_post(body, {"Authorization": f"Bearer {known_key}"}))
    assert answer.status_code == 200, answer.text
    assert "Hello" in answer.text


@pytest.fixture
def other_handlers(monkeypatch: pytest.MonkeyPatch) -> Callable[[], httpx.Response]:
    """A call that fails where nobody expects it."""

    def fail(*arguments: Any, **options: Any) -> Any:
        raise LookupError("a secret")

    monkeypatch.setattr("api.openai.asking.answer", fail)
    return lambda: asyncio.run(_post({"messages": said("Hello")}, {}))


def test_an_unexpected_failure_is_in_openais_form_and_tells_nothing(
    other_handlers: Callable[[], httpx.Response],
) -> None:
    answer = other_handlers()
    assert answer.status_code == 500
    error = {"message": "An unexpected error occurred.", "type": "api_error"}
    assert answer.json() == {"error": {**error, "param": None, "code": None}}


async def _post(body: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    app: Any = application
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://parley") as client:
        return await client.post(CHAT, json=body, headers=headers)
