"""What an address, an origin, a proxy or a path may look like."""

from ipaddress import ip_network

import pytest

from tests.chatproject.test_config import faults_of, load_with

URLS = (
    "APP_URL",
    "OPENAI_BASE_URL",
    "OPENROUTER_BASE_URL",
    "ANTHROPIC_BASE_URL",
    "OLLAMA_URL",
    "MCP_SERVER_URL",
    "GEMINI_BASE_URL",
    "CHAT_LLM_API_BASE",
)


@pytest.mark.parametrize("name", URLS)
def test_an_address_has_a_scheme_and_a_host(name: str) -> None:
    assert getattr(load_with(**{name: "https://[::1]:8443/v1"}), name) == "https://[::1]:8443/v1"
    assert faults_of(**{name: "localhost:8080"}).keys() == {name}


@pytest.mark.parametrize(
    "text",
    [
        "example.org",
        "http://",
        "http:///path",
        "http://:80",
        "http:host",
        "//host",
        "ftp://host",
        "http://a b",
        "http://host:port",
        "http://host:70000",
        "http://[::1",
        "http://ho\nst",
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    assert faults_of(OLLAMA_URL=text).keys() == {"OLLAMA_URL"}


def test_redis_has_its_own_schemes() -> None:
    assert load_with(REDIS_URL="rediss://redis:6380/1").REDIS_URL == "rediss://redis:6380/1"
    assert faults_of(REDIS_URL="http://redis").keys() == {"REDIS_URL"}


@pytest.mark.parametrize("name", ["DATABASE_URL", "CHAT_DATABASE_URL"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sqlite:///chat.sqlite3", "sqlite:///chat.sqlite3"),
        ("sqlite:////srv/chat.sqlite3", "sqlite:////srv/chat.sqlite3"),
        ("sqlite+aiosqlite:///chat.db", "sqlite:///chat.db"),
        ("postgresql://u:p@db:5432/chat", "postgresql://u:p@db:5432/chat"),
        (
            "postgresql+psycopg://u:p@db/chat?sslmode=require",
            "postgresql://u:p@db/chat?sslmode=require",
        ),
        ("postgres://db/chat", "postgres://db/chat"),
    ],
)
def test_a_database_is_sqlite_or_postgresql(name: str, text: str, value: str) -> None:
    assert load_with(**{name: text}).database_url == value


@pytest.mark.parametrize("name", ["DATABASE_URL", "CHAT_DATABASE_URL"])
@pytest.mark.parametrize(
    "text",
    [
        "chat.sqlite3",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://host/chat",
        "postgresql:///chat",
        "postgresql://",
        "postgresql://db:port/chat",
        "mysql://db/chat",
        "oracle+postgresql://db/chat",
    ],
)
def test_any_other_database_is_refused(name: str, text: str) -> None:
    assert faults_of(**{name: text}).keys() == {name}


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ("*",)),
        ("https://a.example , http://b.example:81,,", ("https://a.example", "http://b.example:81")),
        (
            '["https://a.example", " https://b.example "]',
            ("https://a.example", "https://b.example"),
        ),
        ("HTTPS://A.Example/", ("https://a.example",)),
        ("[]", ()),
    ],
)
def test_origins_are_a_list(text: str, origins: tuple[str, ...]) -> None:
    assert origins == load_with(CORS_ORIGINS=text).CORS_ORIGINS


@pytest.mark.parametrize(
    "text",
    [
        "a.example",
        "https://",
        "https://a.example/app",
        "http://a?b",
        "[1, 2]",
        "[",
        '{"a": 1}',
        "[" * 5000,
    ],
)
def test_anything_else_is_no_list_of_origins(text: str) -> None:
    assert faults_of(CORS_ORIGINS=text).keys() == {"CORS_ORIGINS"}


def test_trusted_proxies_are_addresses_and_blocks() -> None:
    config = load_with(TRUSTED_PROXIES="127.0.0.1, 10.1.2.3/8, ::1, fd00::/8")
    assert (
        tuple(map(ip_network, ["127.0.0.1/32", "10.0.0.0/8", "::1/128", "fd00::/8"]))
        == config.TRUSTED_PROXIES
    )


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/33", "10.0.0", "*"])
def test_anything_else_is_no_proxy(text: str) -> None:
    assert faults_of(TRUSTED_PROXIES=text).keys() == {"TRUSTED_PROXIES"}


@pytest.mark.parametrize(
    ("text", "prefix"), [("/api", "/api"), ("/chat/v2/", "/chat/v2"), ("/", ""), (" /x ", "/x")]
)
def test_a_prefix_starts_with_a_slash_and_ends_without(text: str, prefix: str) -> None:
    config = load_with(CHAT_API_PREFIX=text, CHAT_LLM_API_PATH_PREFIX=text)
    assert (prefix, prefix) == (config.CHAT_API_PREFIX, config.CHAT_LLM_API_PATH_PREFIX)


@pytest.mark.parametrize("text", ["api", "//api", "/a//b", "/a b", "/<int:x>", "/a?b", "http://x"])
def test_any_other_prefix_is_refused(text: str) -> None:
    assert faults_of(CHAT_API_PREFIX=text).keys() == {"CHAT_API_PREFIX"}


@pytest.mark.parametrize("text", ["http://llm", "llm:8080", "llm/v1", "a b", "u@llm"])
def test_a_host_is_a_name_or_an_address_alone(text: str) -> None:
    assert faults_of(CHAT_LLM_API_HOST=text).keys() == {"CHAT_LLM_API_HOST"}
