"""Files as blocks of Anthropic's messages."""

from typing import Any

from providers.errors import ProviderRefused
from providers.types import SentFile

_IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
_PDF = "application/pdf"
_UNSUPPORTED = 415


def file_block(file: SentFile, name: str) -> dict[str, Any]:
    """Raises ProviderRefused for a kind of file that Anthropic does not read."""
    if file.is_image and file.content_type in _IMAGES:
        return {"type": "image", "source": _source("base64", file.content_type, file.base64)}
    if file.content_type == _PDF:
        source = _source("base64", _PDF, file.base64)
        return {"type": "document", "source": source, "title": file.filename}
    if (text := _text(file)) is not None:
        source = _source("text", "text/plain", text)
        return {"type": "document", "source": source, "title": file.filename}
    raise ProviderRefused(
        f"{name} takes JPEG, PNG, GIF and WebP images, PDFs and texts,"
        f" but '{file.filename}' is {file.content_type}.",
        _UNSUPPORTED,
    )


def _source(kind: str, media_type: str, data: str) -> dict[str, str]:
    return {"type": kind, "media_type": media_type, "data": data}


def _text(file: SentFile) -> str | None:
    media_type = file.content_type.partition(";")[0]
    if file.is_image or not (media_type.startswith("text/") or media_type == "application/json"):
        return None
    return file.data.decode(errors="replace")
