"""Where a model of the Hugging Face hub is on this machine, found without its libraries."""

import logging
import os
from pathlib import Path

import structlog

from search.errors import ModelUnavailable

_ORGANISATION = "sentence-transformers"
_WEIGHTS = ("*.safetensors", "*.bin")
_OTHER_FORMATS = ["*.onnx", "*.h5", "*.msgpack", "*.ot", "*.ckpt", "onnx/*", "openvino/*"]

logger = structlog.get_logger(__name__)


def model_folder(name: str) -> Path:
    """The folder of a model that is a folder, or in the hub's cache, or can be downloaded.

    Raises ModelUnavailable.
    """
    if (path := Path(name).expanduser()).is_dir():
        return path
    if found := _cached(name):
        return found
    if _is_offline():
        raise ModelUnavailable(
            f"The embedding model '{name}' is not on this machine and HF_HUB_OFFLINE is set: "
            "set CHAT_EMBEDDING_MODEL_NAME to a folder, or unset HF_HUB_OFFLINE to download it."
        )
    return _downloaded(name)


def cache_folder() -> Path:
    """As huggingface_hub finds it."""
    if given := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(given).expanduser()
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface"
    return Path(os.environ.get("HF_HOME") or base).expanduser() / "hub"


def _cached(name: str) -> Path | None:
    repository = cache_folder() / f"models--{_full(name).replace('/', '--')}"
    try:
        current = (repository / "refs" / "main").read_text().strip()
    except (OSError, ValueError):
        return None
    snapshot = repository / "snapshots" / current
    # A download that was broken off has left files, but not the weights.
    whole = (snapshot / "config.json").exists() and any(
        any(snapshot.glob(pattern)) for pattern in _WEIGHTS
    )
    return snapshot if whole else None


def _downloaded(name: str) -> Path:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    # It tells of each of its attempts twice; what comes of them is said once, by us.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    faults: tuple[type[Exception], ...] = (HfHubHTTPError, HFValidationError, OSError)
    logger.info("embedding_model_download", model=name, into=str(cache_folder()))
    try:
        files = HfApi().list_repo_files(_full(name))
        ignored = [*_OTHER_FORMATS]
        if any(file.endswith(".safetensors") for file in files):
            ignored.append("*.bin")
        return Path(snapshot_download(_full(name), ignore_patterns=ignored))
    except (*faults, *_connection_faults()) as error:
        raise ModelUnavailable(
            f"The embedding model '{name}' is not on this machine and cannot be downloaded: "
            f"{type(error).__name__}."
        ) from error


def _connection_faults() -> tuple[type[Exception], ...]:
    """What the hub's own HTTP client raises, whichever it is in the installed version."""
    from huggingface_hub.errors import HfHubHTTPError

    return tuple(
        base
        for base in HfHubHTTPError.__mro__
        if base.__name__ == "HTTPError" and issubclass(base, Exception)
    )


def _full(name: str) -> str:
    return name if "/" in name else f"{_ORGANISATION}/{name}"


def _is_offline() -> bool:
    values = (os.environ.get(key, "") for key in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return any(value.strip().upper() in {"1", "ON", "YES", "TRUE"} for value in values)
