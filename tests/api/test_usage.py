"""`GET /api/usage`, and what a budget's refusal looks like on each way in (issue 7 point 7)."""

import csv
import io
import json
from collections.abc import Iterator

import pytest

from tests.api.accounts import Account, administrator, by_key, signed_up
from tests.api.drivers import Chat
from tests.api.spending import give_budget, used
from tests.api.threads import new_thread
from tests.client import Databases, Server, Upstream
from tests.conftest import QUICK, UNLIMITED

PRICES = {"openai-compatible/*": ["1", "2.5"]}
USAGE = {"prompt_tokens": 100, "completion_tokens": 10}
COST = "0.000125"


@pytest.fixture(scope="module")
def priced(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    env = {**UNLIMITED, **QUICK, "MODEL_PRICES": json.dumps(PRICES)}
    server = Server.start(databases.new("sqlite"), env, upstream)
    yield server
    server.stop()


@pytest.fixture(scope="module", autouse=True)
def poor(priced: Server) -> Account:
    """With a budget that holds nothing, made before the server looks who has one."""
    account = signed_up(priced)
    give_budget(account, 500)
    return account


@pytest.fixture
def ada(priced: Server, upstream: Upstream) -> Account:
    upstream.script({"text": "Hi"}, {"finish": "stop"}, {"usage": USAGE}, match="Hello")
    return signed_up(priced)


def asked(account: Account, headers: dict[str, str] | None = None) -> None:
    answer = account.server.post(
        "/api/chat/stream", json={"message": "Hello"}, headers=headers or account.headers
    )
    assert answer.status_code == 200, answer.text


def test_usage_is_told_by_day_model_key_and_user(ada: Account) -> None:
    key = ada.new_key(name="laptop")
    asked(ada)
    asked(ada, by_key(key))
    amounts = {
        "calls": 1,
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "total_tokens": 110,
        "cost_usd": COST,
        "estimated_calls": 0,
        "unpriced_calls": 0,
    }
    by_keys = used(ada, "group_by=key")
    assert by_keys["items"] == [
        {"key": None, "key_name": None, **amounts},
        {"key": key["id"], "key_name": "laptop", **amounts},
    ]
    total = {**amounts, "calls": 2, "prompt_tokens": 200, "completion_tokens": 20}
    total |= {"total_tokens": 220, "cost_usd": "0.00025"}
    assert by_keys["totals"] == total
    today = by_keys["last"]
    assert used(ada)["items"] == [{"day": today, **total}]
    [model] = used(ada, "group_by=model")["items"]
    assert (model["provider"], model["cost_usd"]) == ("openai-compatible", "0.00025")
    assert used(ada, "group_by=user")["items"] == [
        {"user": ada.id, "username": ada.username, **total}
    ]
    assert used(ada, "from=2020-01-01&to=2020-12-31")["totals"]["calls"] == 0


def test_a_key_sees_what_its_user_sees(ada: Account, priced: Server) -> None:
    asked(ada)
    seen = priced.get("/api/usage", headers=by_key(ada.new_key())).json()
    assert seen["totals"]["calls"] == 1


def test_nobody_sees_what_somebody_else_has_used(ada: Account, priced: Server) -> None:
    asked(ada)
    bob = signed_up(priced)
    assert used(bob)["items"] == []
    for user in (ada.username, ada.id, "all", "anonymous"):
        refused = priced.get(f"/api/usage?user={user}", headers=bob.headers)
        assert refused.status_code == 403


def test_an_administrator_sees_everybody(ada: Account, priced: Server) -> None:
    asked(ada)
    eve = administrator(priced)
    for user in (ada.username, ada.id):
        assert used(eve, f"user={user}")["totals"]["calls"] == 1
    everybody = used(eve, "user=all&group_by=user")
    assert ada.username in [item["username"] for item in everybody["items"]]
    unknown = priced.get("/api/usage?user=nobody", headers=eve.headers)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
    # A key of an administrator is no administrator.
    by_program = priced.get("/api/usage?user=all", headers=by_key(eve.new_key()))
    assert by_program.status_code == 403


@pytest.mark.parametrize(
    ("query", "headers"),
    [("&format=csv", {}), ("", {"Accept": "text/csv, application/json;q=0.5"})],
)
def test_usage_comes_as_a_table_without_formulas(
    ada: Account, priced: Server, query: str, headers: dict[str, str]
) -> None:
    asked(ada, by_key(ada.new_key(name='=HYPERLINK("http://evil")')))
    path = f"/api/usage?group_by=key{query}"
    answer = priced.get(path, headers={**ada.headers, **headers})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    [line] = csv.DictReader(io.StringIO(answer.text))
    assert line["key_name"] == '\'=HYPERLINK("http://evil")'
    assert (line["calls"], line["cost_usd"]) == ("1", COST)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("group_by=colour", "query.group_by"),
        ("from=yesterday", "query.from"),
        ("from=2026-02-02&to=2026-02-01", "query.to"),
        ("format=xml", "query.format"),
        ("user=%00", "query.user"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(priced: Server, query: str, path: str) -> None:
    refused = priced.get(f"/api/usage?{query}", headers=administrator(priced).headers)
    assert refused.status_code == 422
    assert f" {path}: " in refused.json()["detail"]


def test_a_refusal_says_which_budget_and_until_when(
    poor: Account, priced: Server, upstream: Upstream
) -> None:
    asked_before = len(upstream.requests("/chat/completions"))
    refused = priced.post("/api/chat/stream", json={"message": "Hello"}, headers=poor.headers)
    body = refused.json()
    assert (refused.status_code, body["error"]["code"]) == (429, "budget_exceeded")
    assert body["detail"].startswith("The budget of your account, 500 tokens a month, does not")
    details = body["error"]["details"]
    assert (details["budget"], details["period"], details["unit"]) == ("user", "month", "tokens")
    assert details["renews_at"].endswith("-01T00:00:00+00:00")
    assert 1 <= int(refused.headers["Retry-After"]) <= 31 * 24 * 3600
    session = priced.post("/sessions", json={}, headers=poor.headers).json()["id"]
    path = f"/sessions/{session}/messages"
    told = priced.post(path, json={"content": "Hello"}, headers=poor.headers)
    assert (told.status_code, told.json()["error"]["code"]) == (429, "budget_exceeded")
    assert len(upstream.requests("/chat/completions")) == asked_before
    session_now = priced.get(f"/sessions/{session}", headers=poor.headers).json()
    assert session_now["history"] == []


def test_on_a_thread_and_on_a_socket_a_refusal_leaves_nothing(
    poor: Account, priced: Server
) -> None:
    thread = new_thread(poor)
    for refused in (thread.ask(), thread.stream()):
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "budget_exceeded")
    assert thread.messages() == []
    before = priced.get("/api/threads", headers=poor.headers).json()
    with Chat(priced, headers=poor.headers) as chat:
        [frame] = chat.ask("Hello")
    assert frame["type"] == "error"
    assert frame["error"].startswith("The budget of your account, 500 tokens a month, does not")
    assert priced.get("/api/threads", headers=poor.headers).json() == before
