"""Where settings are written: the environment, `.env` and a YAML file, merged by name."""

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

IGNORED = frozenset(
    [
        "HISTORY_STORAGE_BACKEND",
        "HISTORY_NAMESPACE",
        "HISTORY_MYSQL_HOST",
        "HISTORY_MYSQL_PORT",
        "HISTORY_MYSQL_USER",
        "HISTORY_MYSQL_PASSWORD",
        "HISTORY_MYSQL_DATABASE",
        "HISTORY_MYSQL_SESSION_TABLE",
        "HISTORY_MYSQL_MESSAGE_TABLE",
        "HISTORY_MONGODB_URI",
        "HISTORY_MONGODB_DATABASE",
        "HISTORY_MONGODB_SESSION_COLLECTION",
        "HISTORY_MONGODB_MESSAGE_COLLECTION",
        "HISTORY_REDIS_URL",
        "CHAT_BCRYPT_ROUNDS",
        "MCP_AGENT_CONFIG",
        "MCP_AGENT_SERVERS",
        "MCP_AGENT_APP_NAME",
        "MCP_AGENT_INSTRUCTION",
        "MCP_AGENT_LLM",
        "MCP_AGENT_LLM_PROVIDER",
        "MCP_AGENT_MODEL",
    ]
)
YAML_ALIASES = {
    "DEFAULT_PROVIDER_NAME": "DEFAULT_PROVIDER",
    "OPENROUTER_DEFAULT_MODEL": "OPENROUTER_MODEL",
    "MCP_AGENT_LLM_PROVIDER": "MCP_AGENT_LLM",
    "MCP_AGENT_DEFAULT_MODEL": "MCP_AGENT_MODEL",
}


class SourceUnreadable(Exception):
    """A file of settings cannot be used; the message names it and what is allowed, no content."""


class MergedSource(PydanticBaseSettingsSource):
    """Everything that is set anywhere, and the names among it that have no effect any more."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._written = read_settings()

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._written[field_name], field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields
        known = {
            name: self.get_field_value(field, name)[0]
            for name, field in fields.items()
            if name in self._written
        }
        return known | {"ignored_variables": tuple(sorted(IGNORED & self._written.keys()))}


def read_settings() -> Mapping[str, object]:
    """Each setting by its variable name, from the highest source where it is not blank.

    Raises SourceUnreadable.
    """
    written = {**_dotenv(Path(".env")), **_set(os.environ)}
    named = written.get("APP_CONFIG_FILE")
    return written if named is None else {**_yaml(str(named).strip()), **written}


def _set(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if not _is_blank(value)}


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _dotenv(path: Path) -> dict[str, object]:
    text = _dotenv_text(path)
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            line = binding.original.line
            raise SourceUnreadable(f".env: line {line} must have the form NAME=value")
    return _set(dotenv_values(stream=StringIO(text)))


def _dotenv_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnreadable(".env: must be a readable file in UTF-8") from error


def _yaml(name: str) -> dict[str, object]:
    if not name.endswith((".yaml", ".yml")):
        raise SourceUnreadable("APP_CONFIG_FILE: must name a file that ends in .yaml or .yml")
    content = _yaml_content(Path(name))
    if not isinstance(content, dict):
        raise SourceUnreadable("APP_CONFIG_FILE: the file must hold a mapping at the top")
    written = {str(key).upper(): value for key, value in _set(content).items()}
    aliased = {YAML_ALIASES[key]: written.pop(key) for key in YAML_ALIASES if key in written}
    return aliased | written


def _yaml_content(path: Path) -> object:
    try:
        content = yaml.load(_bytes(path), _TextLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceUnreadable(f"APP_CONFIG_FILE: the file must be YAML{_where(error)}") from error
    return {} if content is None else content


def _bytes(path: Path) -> bytes:
    try:
        # Reading anything else, such as a pipe, could wait for ever.
        if path.is_file():
            return path.read_bytes()
    except OSError as error:
        raise SourceUnreadable("APP_CONFIG_FILE: must name a readable file") from error
    raise SourceUnreadable("APP_CONFIG_FILE: must name a file that exists")


def _where(error: Exception) -> str:
    # The error's own text quotes the file, where a secret may stand.
    mark = getattr(error, "problem_mark", None)
    return "" if mark is None else f" (see line {mark.line + 1})"


class _TextLoader(yaml.SafeLoader):
    """Reads scalars as they are written, so that `0123` and `1.10` stay what they are."""


def _as_written(loader: _TextLoader, node: yaml.ScalarNode) -> object:
    return loader.construct_scalar(node)


for _kind in ("bool", "int", "float", "timestamp", "binary", "value"):
    _TextLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _as_written)
