"""Every example in `examples/` does what it says, against a real server."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.accounts import PASSWORD, signed_up
from tests.client import ROOT, Server, clean_environment

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
QUESTION = "Why is the ocean salty?"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_shows_the_answer(example: Path, server: Server, tmp_path: Path) -> None:
    account = signed_up(server)
    env = {
        "CHAT_API_URL": server.url,
        "CHAT_USER_MESSAGE": QUESTION,
        "CHAT_MODEL": "scripted-small",
        "CHAT_USERNAME": account.username,
        "CHAT_PASSWORD": PASSWORD,
    }
    done = subprocess.run(
        [sys.executable, str(example)],
        cwd=tmp_path,
        env=clean_environment(tmp_path, env),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert QUESTION in done.stdout


def test_there_is_one_for_each_way_in() -> None:
    names = {path.stem for path in EXAMPLES}
    ways = {"basic_session", "follow_a_turn", "conversation", "thread_and_search"}
    ways |= {"websocket_chat", "openai_sdk"}
    assert ways <= names
