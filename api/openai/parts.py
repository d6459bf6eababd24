"""The parts that a message's content may consist of."""

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

from api.errors import ValidationFailed
from conversations.files import image_type_of, plain_name, plain_type
from providers.types import SentFile

Refuse = Callable[[str], ValidationFailed]

_TEXTS = ("text", "refusal")


def text_of(content: Any) -> str:
    """The text of a content that is a string, a list of parts, or nothing."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "".join(_text(part) for part in parts)


def files_in(content: Any, refuse: Refuse) -> Iterator[SentFile]:
    """Raises what `refuse` makes of the reason why a part cannot be handed on."""
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        match kind:
            case "text" | "refusal":
                continue
            case "image_url":
                yield _image(part, refuse)
            case "file":
                yield _file(part, refuse)
            case _:
                raise refuse("Input should be a valid list of text, image_url and file parts")


def _text(part: Any) -> str:
    if not isinstance(part, dict):
        return ""
    return "".join(part[name] for name in _TEXTS if isinstance(part.get(name), str))


def _image(part: dict[str, Any], refuse: Refuse) -> SentFile:
    held = part.get("image_url")
    url = held.get("url") if isinstance(held, dict) else held
    _, data = _from_data_url(url, refuse)
    if (image_type := image_type_of(data)) is None:
        raise refuse("Input should be a valid PNG, JPEG, GIF or WebP image")
    return SentFile("image", image_type, data, is_image=True)


def _file(part: dict[str, Any], refuse: Refuse) -> SentFile:
    held = part.get("file")
    fields = held if isinstance(held, dict) else {}
    content_type, data = _from_data_url(fields.get("file_data"), refuse)
    image_type = image_type_of(data)
    name = plain_name(str(fields.get("filename") or "file"))
    return SentFile(name, image_type or plain_type(content_type), data, image_type is not None)


def _from_data_url(url: Any, refuse: Refuse) -> tuple[str, bytes]:
    """Addresses are not fetched: who asks could look around in our network by that."""
    head, _, encoded = url.partition(",") if isinstance(url, str) else ("", "", "")
    if not head.startswith("data:") or not head.endswith(";base64"):
        raise refuse("Input should be a valid data URL, because this provider fetches none")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse("Input should be valid base64") from error
    return head.removeprefix("data:").removesuffix(";base64").partition(";")[0], data
