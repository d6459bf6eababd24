"""Clients of OpenAI that people have, unmodified: LangChain, `llm`, and Parley itself."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.api.openai import CALLING, CALLING_WHOLE, WEATHER, v1_server
from tests.api.talking import new_session, reply_to
from tests.client import Databases, Server, Upstream, clean_environment

MODEL = "scripted-small"


@pytest.fixture(scope="module")
def langchain(guarded_v1: Server) -> Any:
    chains = pytest.importorskip("langchain_openai")
    return chains.ChatOpenAI(
        base_url=f"{guarded_v1.url}/v1",
        api_key="shared",
        model=MODEL,
        max_retries=0,
        stream_usage=True,
    )


def test_langchain_asks_streams_and_calls_tools(langchain: Any, upstream: Upstream) -> None:
    assert langchain.invoke("Hello").content == "Echo: Hello"
    pieces = list(langchain.stream("Hello"))
    assert "".join(piece.content for piece in pieces) == "Echo: Hello"
    assert len(pieces) > 2
    bound = langchain.bind_tools([{"type": "function", "function": WEATHER}])
    call = {"name": "weather", "args": {"city": "Qom"}, "id": "call_1", "type": "tool_call"}
    upstream.script(CALLING_WHOLE)
    assert bound.invoke("Weather?").tool_calls == [call]
    upstream.script(*CALLING)
    first, *others = bound.stream("Weather?")
    assert sum(others, start=first).tool_calls == [call]


def test_the_llm_command_line_asks(guarded_v1: Server, tmp_path: Path) -> None:
    entry = {"model_id": "parley", "model_name": MODEL, "api_base": f"{guarded_v1.url}/v1"}
    models = [{**entry, "api_key_name": "parley"}]
    (tmp_path / "extra-openai-models.yaml").write_text(yaml.safe_dump(models))
    env = clean_environment(tmp_path, {"LLM_USER_PATH": str(tmp_path)})
    command = [str(Path(sys.executable).with_name("llm")), "-m", "parley", "--key", "shared"]
    done = subprocess.run(
        [*command, "--no-log", "Hello"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "Echo: Hello"), done.stderr


@pytest.fixture(scope="module")
def behind(databases: Databases, guarded_v1: Server) -> Iterator[Server]:
    """A server whose provider is the other one's `/v1`."""
    env = {"CHAT_LLM_API_BASE": f"{guarded_v1.url}/v1", "CHAT_LLM_API_KEY": "shared"}
    with v1_server(databases, None, env) as server:
        yield server


@pytest.mark.parametrize("prompt", ["Hello", "  Zwölf\n\n漢字 🦆 "])
def test_parley_answers_the_same_through_its_own_v1(
    guarded_v1: Server, behind: Server, prompt: str
) -> None:
    key = {"X-API-Key": "shared"}
    made = guarded_v1.post("/sessions", json={}, headers=key).json()["id"]
    path = f"/sessions/{made}/messages"
    directly = guarded_v1.post(path, json={"content": prompt}, headers=key).json()
    through = reply_to(behind, new_session(behind), prompt)
    assert through["message"]["content"] == directly["message"]["content"]
    assert through["usage"] == directly["usage"]
    ids = [model["id"] for model in behind.get("/models").json()["models"]]
    assert MODEL in ids
