"""What each type of setting takes, and what it refuses."""

import pytest

from chatproject.config import Config, load
from tests.chatproject.test_config import faults_of, load_with


@pytest.mark.parametrize(("text", "value"), [("1", 1), (" 20 ", 20), ("+3", 3), ("007", 7)])
def test_a_whole_number_is_decimal(text: str, value: int) -> None:
    assert value == load_with(RATE_BURST=text).RATE_BURST


@pytest.mark.parametrize(
    "text",
    ["0", "-1", "1.0", "1_0", "0x1", "1e3", "five", "\u0665", "1 0", "9" * 5000, "true", "1,2"],
)
def test_anything_else_is_no_whole_number(text: str) -> None:
    assert faults_of(RATE_BURST=text).keys() == {"RATE_BURST"}


@pytest.mark.parametrize(("text", "value"), [("1.5", 1.5), (" 2 ", 2.0), (".5", 0.5), ("3.", 3.0)])
def test_a_decimal_number_is_plain(text: str, value: float) -> None:
    assert value == load_with(RATE_RPS=text).RATE_RPS


@pytest.mark.parametrize(
    "text", ["0", "0.0", "-1", "nan", "inf", "-inf", "1e3", "0x1p3", "1_0.5", "1,5", "9" * 400]
)
def test_anything_else_is_no_decimal_number(text: str) -> None:
    assert faults_of(RATE_RPS=text).keys() == {"RATE_RPS"}


POSITIVE = (
    "RATE_RPS",
    "PROVIDER_TIMEOUT_SECONDS",
    "REQUEST_TIMEOUT",
    "CONNECT_TIMEOUT",
    "CHAT_LLM_TIMEOUT_SECONDS",
)


@pytest.mark.parametrize("name", POSITIVE)
def test_a_rate_or_a_time_limit_is_above_zero(name: str) -> None:
    assert faults_of(**{name: "0"}) == {name: "must be a decimal number above 0"}


@pytest.mark.parametrize("name", ["DEMO_DELAY_SECONDS", "TURN_DRAIN_SECONDS"])
def test_a_delay_may_be_zero_but_not_less(name: str) -> None:
    assert getattr(load_with(**{name: "0"}), name) == 0
    assert faults_of(**{name: "-0.1"}) == {name: "must be a decimal number of 0 or more"}


AT_LEAST_ONE = (
    "RATE_BURST",
    "MEMORY_DEFAULT",
    "MEMORY_MAX",
    "MAX_MESSAGE_SIZE",
    "HISTORY_MAX_LENGTH",
    "CHAT_EMBEDDING_BATCH_SIZE",
    "CHAT_ACCESS_TOKEN_EXPIRE_MINUTES",
    "CHAT_REFRESH_TOKEN_EXPIRE_MINUTES",
)


@pytest.mark.parametrize("name", AT_LEAST_ONE)
def test_a_count_is_at_least_one(name: str) -> None:
    assert faults_of(**{name: "0"}).keys() >= {name}


@pytest.mark.parametrize("name", ["PORT", "CHAT_LLM_API_PORT"])
def test_a_port_is_between_1_and_65535(name: str) -> None:
    assert getattr(load_with(**{name: "65535"}), name) == 65535
    assert faults_of(**{name: "0"}) == {name: "must be a whole number from 1 to 65535"}
    assert faults_of(**{name: "65536"}).keys() == {name}


@pytest.mark.parametrize("text", ["0", "1", "0.75"])
def test_a_similarity_is_between_0_and_1(text: str) -> None:
    assert float(text) == load_with(CHAT_SEARCH_MIN_SIMILARITY=text).CHAT_SEARCH_MIN_SIMILARITY


@pytest.mark.parametrize("text", ["-0.1", "1.01"])
def test_a_similarity_outside_is_refused(text: str) -> None:
    faults = faults_of(CHAT_SEARCH_MIN_SIMILARITY=text)
    assert faults == {"CHAT_SEARCH_MIN_SIMILARITY": "must be a decimal number from 0 to 1"}


@pytest.mark.parametrize("text", ["true", "TRUE", "1", "yes", "On", " on "])
def test_a_switch_is_on(text: str) -> None:
    assert load_with(OLLAMA_DEBUG=text).OLLAMA_DEBUG is True


@pytest.mark.parametrize("text", ["false", "False", "0", "NO", "off"])
def test_a_switch_is_off(text: str) -> None:
    assert load_with(METRICS_ENABLED=text).METRICS_ENABLED is False


@pytest.mark.parametrize("text", ["t", "y", "2", "enabled", "1.0", "none"])
def test_any_other_word_is_no_switch(text: str) -> None:
    assert faults_of(METRICS_ENABLED=text).keys() == {"METRICS_ENABLED"}


@pytest.mark.parametrize("name", ["LOG_LEVEL", "CHAT_LOG_LEVEL"])
def test_a_log_level_is_read_in_any_case(name: str) -> None:
    assert getattr(load_with(**{name: " debug "}), name) == "DEBUG"
    assert faults_of(**{name: "TRACE"}).keys() == {name}


def test_algorithm_and_scheme_are_one_of_few() -> None:
    config = load_with(CHAT_JWT_ALGORITHM="HS512", CHAT_LLM_API_SCHEME="https")
    assert (config.CHAT_JWT_ALGORITHM, config.CHAT_LLM_API_SCHEME) == ("HS512", "https")
    faults = faults_of(CHAT_JWT_ALGORITHM="none", CHAT_LLM_API_SCHEME="ftp")
    assert faults["CHAT_JWT_ALGORITHM"] == "must be one of HS256, HS384, HS512"
    assert faults["CHAT_LLM_API_SCHEME"] == "must be one of http, https"


@pytest.mark.parametrize("name", ["DEFAULT_PROVIDER", "LLM_PROVIDER"])
@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("openai", "openai"),
        (" OpenRouter ", "openrouter"),
        ("openai-compatible", "openai-compatible"),
        ("OLLAMA", "ollama"),
        ("anthropic", "anthropic"),
        ("gemini", "gemini"),
        ("mcp", "mcp"),
        ("MCP-Agent", "mcp"),
        ("demo", "demo"),
    ],
)
def test_a_provider_is_named_in_any_case(name: str, text: str, provider: str) -> None:
    assert load_with(**{name: text}).default_provider == provider


@pytest.mark.parametrize("name", ["DEFAULT_PROVIDER", "LLM_PROVIDER"])
def test_an_unknown_provider_is_refused(name: str) -> None:
    assert "openai-compatible" in faults_of(**{name: "skynet"})[name]


def test_one_line_values_lose_the_blanks_around_them_and_prompts_keep_theirs() -> None:
    config = load_with(API_KEY=" key\n", INITIAL_SYSTEM_PROMPT="Be brief.\n")
    assert (config.API_KEY, config.INITIAL_SYSTEM_PROMPT) == ("key", "Be brief.\n")


@pytest.mark.parametrize("name", ["APP_TITLE", "API_KEY", "CHAT_ATTACHMENTS_STORAGE_DIR"])
def test_what_goes_into_a_header_or_a_path_is_one_line(name: str) -> None:
    assert faults_of(**{name: "a\nb"}) == {name: "must be one line of text"}


def test_the_defaults_meet_the_rules_of_their_types() -> None:
    plain = {name: getattr(load(), name) for name in Config.model_fields if name.isupper()}
    assert Config(**plain).model_dump() == load().model_dump()
