"""Which source wins, and how each of them is read."""

import os
from pathlib import Path

import pytest

from chatproject.config import load
from chatproject.config_sources import IGNORED
from tests.chatproject.test_config import faults_of, load_with


def write_dotenv(text: str) -> None:
    Path(".env").write_text(text, encoding="utf-8")


def write_yaml(text: str) -> None:
    """Settings in a YAML file that `.env` names."""
    Path("config.yaml").write_text(text, encoding="utf-8")
    write_dotenv("APP_CONFIG_FILE=config.yaml\n")


def test_the_environment_stands_above_dotenv() -> None:
    write_dotenv("APP_TITLE=file\n")
    assert load_with(APP_TITLE="environment").APP_TITLE == "environment"


def test_dotenv_stands_above_yaml() -> None:
    write_yaml("APP_TITLE: yaml\nRATE_BURST: 7\n")
    with Path(".env").open("a", encoding="utf-8") as file:
        file.write("APP_TITLE=dotenv\n")
    config = load()
    assert (config.APP_TITLE, config.RATE_BURST) == ("dotenv", 7)


def test_the_environment_may_name_the_yaml_file() -> None:
    Path("other.yml").write_text("app_title: other", encoding="utf-8")
    assert load_with(APP_CONFIG_FILE=" other.yml ").APP_TITLE == "other"


@pytest.mark.parametrize("blank", ["", "   ", "\t"])
def test_a_blank_value_falls_through_every_source(blank: str) -> None:
    write_yaml("APP_TITLE: yaml\nOLLAMA_MODEL: ''\nRATE_BURST:\nRATE_RPS: ~\n")
    with Path(".env").open("a", encoding="utf-8") as file:
        file.write("APP_TITLE=''\nOLLAMA_MODEL=\n")
    config = load_with(APP_TITLE=blank, OLLAMA_MODEL=blank, RATE_BURST=blank)
    assert (config.APP_TITLE, config.OLLAMA_MODEL) == ("yaml", "gpt-oss:20b")
    assert (config.RATE_BURST, config.RATE_RPS) == (5, 1.0)


def test_a_blank_file_name_means_no_file() -> None:
    assert load_with(APP_CONFIG_FILE=" ").APP_CONFIG_FILE is None


def test_names_in_the_environment_are_upper_case() -> None:
    assert load_with(rate_burst="9").RATE_BURST == 5


def test_a_directory_called_dotenv_is_passed_over() -> None:
    Path(".env").mkdir()
    assert load().RATE_BURST == 5


def test_dotenv_may_start_with_a_byte_order_mark_and_hold_unknown_names() -> None:
    Path(".env").write_text("\ufeffAPP_TITLE=Ours\r\nexport UNKNOWN=1\r\nBARE\r\n", "utf-8")
    assert load().APP_TITLE == "Ours"


def test_a_line_of_dotenv_that_cannot_be_read_is_named_without_its_text() -> None:
    write_dotenv("APP_TITLE=Ours\nAPI_KEY='hunter2\n")
    faults = faults_of()
    assert faults == {".env": "line 2 must have the form NAME=value"}


def test_a_dotenv_that_is_not_utf8_is_refused() -> None:
    Path(".env").write_bytes(b"APP_TITLE=\xff\n")
    assert faults_of() == {".env": "must be a readable file in UTF-8"}


def test_a_value_that_is_not_utf8_is_refused() -> None:
    assert faults_of(APP_TITLE="\udcff") == {"APP_TITLE": "must be one text in UTF-8"}


@pytest.mark.parametrize("key", ["rate_burst", "RATE_BURST", "Rate_Burst"])
def test_yaml_keys_are_read_in_any_case(key: str) -> None:
    write_yaml(f"{key}: 9")
    assert load().RATE_BURST == 9


def test_yaml_aliases_mean_their_variables() -> None:
    write_yaml("default_provider_name: Ollama\nOpenRouter_Default_Model: a/b")
    config = load()
    assert (config.default_provider, config.OPENROUTER_MODEL) == ("ollama", "a/b")


def test_a_variables_own_name_stands_above_its_alias() -> None:
    write_yaml("default_provider: demo\ndefault_provider_name: ollama")
    assert load().default_provider == "demo"


def test_a_fault_under_an_alias_is_told_by_the_variables_name() -> None:
    write_yaml("default_provider_name: nobody")
    assert faults_of().keys() == {"DEFAULT_PROVIDER"}


def test_yaml_scalars_are_read_as_they_are_written() -> None:
    write_yaml(
        "api_key: 0123\napp_title: 1.10\nllm_model: yes\nmodel_name: 2026-01-02\n"
        "chat_llm_enabled: no\nrate_rps: 1.5\nport: 8123\nollama_debug: 1\n"
    )
    config = load()
    assert (config.API_KEY, config.APP_TITLE) == ("0123", "1.10")
    assert (config.LLM_MODEL, config.MODEL_NAME) == ("yes", "2026-01-02")
    assert (config.CHAT_LLM_ENABLED, config.OLLAMA_DEBUG) == (False, True)
    assert (config.RATE_RPS, config.PORT) == (1.5, 8123)


@pytest.mark.parametrize("number", ["0x10", "1_000", "0o17", "5.0", "[5]", "{a: 5}", "true"])
def test_yaml_numbers_follow_the_grammar_of_the_environment(number: str) -> None:
    write_yaml(f"rate_burst: {number}")
    assert faults_of().keys() == {"RATE_BURST"}


def test_lists_may_be_yaml_lists() -> None:
    write_yaml("cors_origins:\n  - https://a.example\n  - ' '\n  -\n  - https://b.example\n")
    assert load().CORS_ORIGINS == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("value", ["[[a]]", "{a: b}", "[{a: b}]"])
def test_a_yaml_list_holds_texts_only(value: str) -> None:
    write_yaml(f"cors_origins: {value}")
    assert faults_of().keys() == {"CORS_ORIGINS"}


@pytest.mark.parametrize("name", ["APP_TITLE", "API_KEY", "OPENAI_BASE_URL", "LOG_LEVEL", "PORT"])
@pytest.mark.parametrize("value", ["[a, b]", "{a: b}"])
def test_one_value_is_neither_a_list_nor_a_mapping(name: str, value: str) -> None:
    write_yaml(f"{name}: {value}")
    assert faults_of().keys() == {name}


def test_unknown_yaml_keys_are_passed_over() -> None:
    write_yaml("7: seven\nnested: {a: [1]}\n~: x\nignored_variables: [x]\n")
    assert load().ignored_variables == ()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_yaml_file_sets_nothing(text: str) -> None:
    write_yaml(text)
    assert load().RATE_BURST == 5


@pytest.mark.parametrize(
    "text",
    [
        "- a\n- b",
        "just text",
        "a: [",
        "a: 'hunter2",
        "a: 1\n---\nb: 2",
        "a: !!python/object:os.system hunter2",
        "[" * 5000,
    ],
)
def test_a_yaml_file_that_cannot_be_used_is_told_without_its_text(text: str) -> None:
    write_yaml(text)
    faults = faults_of()
    assert faults.keys() == {"APP_CONFIG_FILE"}
    assert "hunter2" not in faults["APP_CONFIG_FILE"]


def test_a_yaml_file_that_is_not_text_is_refused() -> None:
    Path("binary.yaml").write_bytes(b"a: \xff\xfe")
    assert faults_of(APP_CONFIG_FILE="binary.yaml").keys() == {"APP_CONFIG_FILE"}


@pytest.mark.parametrize("name", ["missing.yaml", "folder.yaml", "config.json", "config", ".env"])
def test_the_named_file_must_be_there_and_be_yaml(name: str) -> None:
    Path("folder.yaml").mkdir()
    Path("config.json").write_text("{}", encoding="utf-8")
    assert faults_of(APP_CONFIG_FILE=name).keys() == {"APP_CONFIG_FILE"}


def test_a_pipe_is_not_waited_for() -> None:
    os.mkfifo("pipe.yaml")
    assert faults_of(APP_CONFIG_FILE="pipe.yaml").keys() == {"APP_CONFIG_FILE"}


def test_variables_without_effect_are_listed_from_every_source() -> None:
    write_yaml("mcp_agent_llm_provider: openai\nhistory_redis_url: ''\nchat_bcrypt_rounds: 12")
    config = load_with(HISTORY_STORAGE_BACKEND="mysql", HISTORY_NAMESPACE=" ")
    assert config.ignored_variables == (
        "CHAT_BCRYPT_ROUNDS",
        "HISTORY_STORAGE_BACKEND",
        "MCP_AGENT_LLM",
    )


def test_variables_without_effect_accept_any_value() -> None:
    config = load_with(**dict.fromkeys(IGNORED, "any: [value"))
    assert config.ignored_variables == tuple(sorted(IGNORED))
