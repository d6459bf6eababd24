"""What the operator has set: one typed, frozen value, read once at start-up."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chatproject.config_prices import Prices
from chatproject.config_sources import MergedSource, SourceUnreadable
from chatproject.config_types import (
    AboveZero,
    Algorithm,
    AnyNetworks,
    AtLeastOne,
    Count,
    DatabaseUrl,
    Fallbacks,
    FilePath,
    Flag,
    Host,
    HttpUrl,
    Line,
    LogLevel,
    LongSecrets,
    Networks,
    Origins,
    Port,
    Prefix,
    PrivateUrl,
    ProviderName,
    RedisUrl,
    Scheme,
    Secret,
    Share,
    Text,
    ToolServers,
    ZeroOrMore,
)

DEFAULT_DATABASE_URL = "sqlite:///parley.sqlite3"
SHORTEST_JWT_SECRET = 32


class Config(BaseSettings):
    """Every setting under its variable's name, checked; None stands for unset.

    The order of the fields matters to the rules that join two of them.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        case_sensitive=True,
        extra="ignore",
        hide_input_in_errors=True,
        validate_default=False,
    )

    APP_CONFIG_FILE: FilePath | None = None
    APP_ENV: Line = "local"
    APP_TITLE: Line = "Open Chat API"
    APP_URL: HttpUrl = "http://localhost:8001"
    API_KEY: Secret = None
    ADMIN_TOKEN: Secret = None
    SECRET_KEY: Secret = None
    CORS_ORIGINS: Origins = ("http://localhost:5173", "http://localhost:3000")
    TRUSTED_PROXIES: Networks = ()
    DATABASE_URL: DatabaseUrl = None
    CHAT_DATABASE_URL: DatabaseUrl = None
    REDIS_URL: RedisUrl = None
    RATE_RPS: AboveZero = 1.0
    RATE_BURST: AtLeastOne = 5
    METRICS_ENABLED: Flag = True
    LOG_LEVEL: LogLevel = "INFO"
    PORT: Port = 8000
    TURN_DRAIN_SECONDS: ZeroOrMore = 10.0

    DEFAULT_PROVIDER: ProviderName | None = None
    LLM_PROVIDER: ProviderName | None = None
    LLM_MODEL: Line | None = None
    MODEL_PRICES: Prices = Field(default_factory=dict)
    PROVIDER_TIMEOUT_SECONDS: AboveZero = 30.0
    PROVIDER_FIRST_TEXT_SECONDS: AboveZero | None = None
    PROVIDER_TOTAL_SECONDS: AboveZero | None = None
    PROVIDER_RETRIES: Count = 1
    PROVIDER_FAILURES: Count = 10
    PROVIDER_PLACES: AtLeastOne | None = None
    PROVIDER_QUEUE_SECONDS: AboveZero = 60.0
    PROVIDER_FALLBACKS: Fallbacks = ()
    OPENAI_API_KEY: Secret = None
    OPENAI_BASE_URL: HttpUrl = "https://api.openai.com/v1"
    OPENROUTER_API_KEY: Secret = None
    OPENROUTER_KEY: Secret = None
    OPENROUTER_BASE_URL: HttpUrl = "https://openrouter.ai/api/v1"
    OPENROUTER_MODEL: Line = "openrouter/auto"
    MODEL_NAME: Line = "openai/gpt-3.5-turbo"
    ANTHROPIC_API_KEY: Secret = None
    ANTHROPIC_BASE_URL: HttpUrl = "https://api.anthropic.com"
    ANTHROPIC_MODEL: Line = "claude-3-5-haiku-latest"
    OLLAMA_URL: PrivateUrl = None
    OLLAMA_MODEL: Line = "gpt-oss:20b"
    OLLAMA_DEBUG: Flag = False
    REQUEST_TIMEOUT: AboveZero = 30.0
    CONNECT_TIMEOUT: AboveZero = 5.0
    MCP_SERVER_URL: PrivateUrl = None
    MCP_API_KEY: Secret = None
    MCP_TOOL_SERVERS: ToolServers = ()
    TOOL_STEPS: AtLeastOne = 8
    TOOL_SECONDS: AboveZero = 60.0
    TOOL_CHARACTERS: AtLeastOne = 20_000
    GEMINI_API_KEY: Secret = None
    GEMINI_BASE_URL: HttpUrl = "https://generativelanguage.googleapis.com/v1beta/openai"
    GEMINI_MODEL: Line = "gemini-2.5-flash"
    DEMO_DELAY_SECONDS: ZeroOrMore = 0.02
    PROVIDER_PRIVATE_NETWORKS: AnyNetworks = ()
    PROVIDER_ENCRYPTION_KEYS: LongSecrets = ()

    MEMORY_DEFAULT: AtLeastOne = 10
    MEMORY_MAX: AtLeastOne = Field(default=50, validate_default=True)
    INITIAL_SYSTEM_PROMPT: Text | None = Field(default=None, repr=False)
    MAX_MESSAGE_SIZE: AtLeastOne = 10240
    HISTORY_MAX_LENGTH: AtLeastOne = 20

    CHAT_API_PREFIX: Prefix = "/api"
    CHAT_LLM_ENABLED: Flag = True
    CHAT_LLM_API_BASE: PrivateUrl = None
    CHAT_LLM_API_SCHEME: Scheme = "http"
    CHAT_LLM_API_HOST: Host = "127.0.0.1"
    CHAT_LLM_API_PORT: Port = 8080
    CHAT_LLM_API_PATH_PREFIX: Prefix = "/v1"
    CHAT_LLM_API_KEY: Secret = None
    CHAT_LLM_TIMEOUT_SECONDS: AboveZero = 30.0
    CHAT_LLM_IDLE_SECONDS: AboveZero = 600.0
    CHAT_LLM_TRACE_ENABLED: Flag = True
    CHAT_SEARCH_ENABLED: Flag = True
    CHAT_EMBEDDING_MODEL_NAME: Line = "intfloat/multilingual-e5-large"
    CHAT_EMBEDDING_BATCH_SIZE: AtLeastOne = 8
    CHAT_EMBEDDING_DEVICE: Line | None = None
    CHAT_EMBEDDING_API_BASE: PrivateUrl = None
    CHAT_EMBEDDING_API_KEY: Secret = None
    CHROMA_URL: PrivateUrl = None
    CHAT_CHROMA_PERSIST_DIRECTORY: FilePath = Path("./.chroma")
    CHAT_SEARCH_MIN_SIMILARITY: Share = 0.3
    CHAT_ATTACHMENTS_STORAGE_DIR: FilePath = Path("./storage")
    CHAT_ATTACHMENTS_STORAGE_BACKEND: Line | None = None
    CHAT_JWT_SECRET_KEY: Text | None = Field(default=None, repr=False)
    CHAT_JWT_ALGORITHM: Algorithm = "HS256"
    CHAT_ACCESS_TOKEN_EXPIRE_MINUTES: AtLeastOne = 15
    CHAT_REFRESH_TOKEN_EXPIRE_MINUTES: AtLeastOne = 10080
    CHAT_JWT_ISSUER: Line = "gwp-chat"
    CHAT_JWT_AUDIENCE: Line | None = None
    CHAT_LOG_LEVEL: LogLevel | None = None
    CHAT_APP_NAME: Line | None = None

    ignored_variables: tuple[str, ...] = ()
    """Variables of older set-ups that are set and have no effect."""

    @property
    def is_local(self) -> bool:
        return _is_local(self.APP_ENV)

    @property
    def anonymous_allowed(self) -> bool:
        return self.is_local and self.API_KEY is None

    @property
    def database_url(self) -> str:
        return self.DATABASE_URL or self.CHAT_DATABASE_URL or DEFAULT_DATABASE_URL

    @property
    def default_provider(self) -> str | None:
        """The name that was chosen, configured or not; None leaves it to the order of C-9."""
        return self.DEFAULT_PROVIDER or self.LLM_PROVIDER

    @property
    def openrouter_key(self) -> str | None:
        return self.OPENROUTER_API_KEY or self.OPENROUTER_KEY

    @property
    def chat_llm_base(self) -> str | None:
        """The address of `openai-compatible`, with its prefix; None when it is not configured."""
        base = self.CHAT_LLM_API_BASE or self._chat_llm_origin
        if base is None:
            return None
        base = base.rstrip("/")
        prefix = self.CHAT_LLM_API_PATH_PREFIX
        return base if base.endswith(prefix) else base + prefix

    @property
    def _chat_llm_origin(self) -> str | None:
        if "CHAT_LLM_API_HOST" not in self.model_fields_set:
            return None
        host = self.CHAT_LLM_API_HOST
        bracketed = f"[{host}]" if ":" in host else host
        return f"{self.CHAT_LLM_API_SCHEME}://{bracketed}:{self.CHAT_LLM_API_PORT}"

    @field_validator("MEMORY_MAX")
    @classmethod
    def _memory_fits(cls, most: int, info: ValidationInfo) -> int:
        if info.data.get("MEMORY_DEFAULT", 0) > most:
            raise ValueError("must not be less than MEMORY_DEFAULT")
        return most

    @field_validator("CHAT_JWT_SECRET_KEY")
    @classmethod
    def _secret_is_strong(cls, secret: str, info: ValidationInfo) -> str:
        local = _is_local(info.data.get("APP_ENV", "local"))
        if not local and len(secret) < SHORTEST_JWT_SECRET:
            raise ValueError(
                f"must not be change-me and must have {SHORTEST_JWT_SECRET} characters or more"
                " unless APP_ENV is local"
            )
        return secret

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, MergedSource(settings_cls)


def load() -> Config:
    """The settings of this process.

    Where one is wrong the process ends with status 1, and stderr names each faulty variable
    and what is allowed, never its value.
    """
    try:
        return Config()
    except SourceUnreadable as error:
        faults = [str(error)]
    except ValidationError as error:
        faults = _faults(error)
    sys.exit("\n  ".join(["The settings are not usable:", *faults]))


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _faults(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_url=False, include_input=False)
    ]


def _is_local(app_env: str) -> bool:
    return app_env.strip().lower() == "local"
