"""Rules that join several settings, and what is derived from them."""

import pytest

from chatproject.config import Config, load
from tests.chatproject.test_config import faults_of, load_with

STRONG = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "variables",
    [
        {"MEMORY_DEFAULT": "60"},
        {"MEMORY_MAX": "5"},
        {"MEMORY_DEFAULT": "4", "MEMORY_MAX": "3"},
    ],
)
def test_a_memory_above_its_maximum_names_both(variables: dict[str, str]) -> None:
    assert faults_of(**variables) == {"MEMORY_MAX": "must not be less than MEMORY_DEFAULT"}


def test_a_memory_may_reach_its_maximum() -> None:
    config = load_with(MEMORY_DEFAULT="3", MEMORY_MAX="3")
    assert (config.MEMORY_DEFAULT, config.MEMORY_MAX) == (3, 3)


@pytest.mark.parametrize("secret", ["change-me", STRONG[:-1]])
def test_a_weak_token_secret_is_refused_outside_local(secret: str) -> None:
    faults = faults_of(APP_ENV="production", CHAT_JWT_SECRET_KEY=secret)
    assert faults.keys() == {"CHAT_JWT_SECRET_KEY"}


@pytest.mark.parametrize("app_env", ["local", " Local "])
def test_a_weak_token_secret_will_do_in_local(app_env: str) -> None:
    config = load_with(APP_ENV=app_env, CHAT_JWT_SECRET_KEY="change-me")
    assert config.CHAT_JWT_SECRET_KEY == "change-me"


@pytest.mark.parametrize("secret", ["", STRONG])
def test_no_secret_or_a_strong_one_will_do_everywhere(secret: str) -> None:
    config = load_with(APP_ENV="production", CHAT_JWT_SECRET_KEY=secret)
    assert (secret or None) == config.CHAT_JWT_SECRET_KEY


@pytest.mark.parametrize(
    ("variables", "allowed"),
    [
        ({}, True),
        ({"APP_ENV": " LOCAL "}, True),
        ({"API_KEY": " "}, True),
        ({"API_KEY": "key"}, False),
        ({"APP_ENV": "locale"}, False),
        ({"APP_ENV": "production"}, False),
    ],
)
def test_anonymous_calls_need_local_and_no_shared_key(
    variables: dict[str, str], allowed: bool
) -> None:
    assert load_with(**variables).anonymous_allowed is allowed


def test_the_database_is_a_file_here_unless_one_is_named() -> None:
    assert load().database_url == "sqlite:///parley.sqlite3"


def test_the_first_database_variable_wins() -> None:
    config = load_with(DATABASE_URL="sqlite:///a.db", CHAT_DATABASE_URL="sqlite:///b.db")
    assert config.database_url == "sqlite:///a.db"


def test_the_first_provider_variable_wins() -> None:
    assert load_with(DEFAULT_PROVIDER="demo", LLM_PROVIDER="mcp").default_provider == "demo"


def test_no_provider_is_chosen_by_default() -> None:
    assert load().default_provider is None


@pytest.mark.parametrize(
    ("variables", "key"),
    [
        ({}, None),
        ({"OPENROUTER_KEY": "old"}, "old"),
        ({"OPENROUTER_KEY": "old", "OPENROUTER_API_KEY": "new"}, "new"),
        ({"OPENROUTER_KEY": "old", "OPENROUTER_API_KEY": ""}, "old"),
    ],
)
def test_the_first_openrouter_key_wins(variables: dict[str, str], key: str | None) -> None:
    assert load_with(**variables).openrouter_key == key


BASE, HOST = "CHAT_LLM_API_BASE", "CHAT_LLM_API_HOST"
SCHEME, PORT, PREFIX = "CHAT_LLM_API_SCHEME", "CHAT_LLM_API_PORT", "CHAT_LLM_API_PATH_PREFIX"


@pytest.mark.parametrize(
    ("variables", "base"),
    [
        ({}, None),
        ({PORT: "9000", SCHEME: "https"}, None),
        ({HOST: " "}, None),
        ({HOST: "127.0.0.1"}, "http://127.0.0.1:8080/v1"),
        ({HOST: "llm", PORT: "9000", SCHEME: "https"}, "https://llm:9000/v1"),
        ({HOST: "::1"}, "http://[::1]:8080/v1"),
        ({HOST: "llm", PREFIX: "/"}, "http://llm:8080"),
        ({HOST: "llm", PREFIX: "/open/v2/"}, "http://llm:8080/open/v2"),
        ({BASE: "http://llm:9000"}, "http://llm:9000/v1"),
        ({BASE: "http://llm:9000/v1"}, "http://llm:9000/v1"),
        ({BASE: "http://llm:9000/v1/"}, "http://llm:9000/v1"),
        ({BASE: "http://llm:9000/xv1"}, "http://llm:9000/xv1/v1"),
        ({BASE: "http://base:9000", HOST: "host", PORT: "1"}, "http://base:9000/v1"),
    ],
)
def test_the_address_of_the_compatible_server(variables: dict[str, str], base: str | None) -> None:
    assert load_with(**variables).chat_llm_base == base


def test_code_may_give_settings_by_name() -> None:
    assert Config(API_KEY="key", RATE_BURST=2).RATE_BURST == 2
