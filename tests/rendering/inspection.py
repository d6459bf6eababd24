"""What a browser would make of a piece of HTML, and what it must never find there."""

import re
from html.parser import HTMLParser

from api.rendering.allowlist import MATH, TEXT, sanitised

ATTRIBUTES = {
    "class", "dir", "href", "rel", "target", "type", "data-copy", "data-image", "id", "role",
    "aria-label", "start", "tabindex", "accent", "accentunder", "columnspan", "depth", "display",
    "displaystyle", "fence", "form", "height", "linethickness", "lspace", "mathvariant", "maxsize",
    "minsize", "movablelimits", "notation", "rspace", "scriptlevel", "stretchy", "symmetric",
    "width",
}  # fmt: skip
OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
LINK = re.compile(r"(?:https?://[^/]|mailto:|#fn(?:ref)?-)", re.IGNORECASE)
OWN_ID = re.compile(r"fn(?:ref)?-[a-zA-Z0-9-]*\d+")


class _Inspector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TEXT | MATH:
            self.faults.append(f"element {tag}")
        for name, value in attrs:
            if name not in ATTRIBUTES or not _is_harmless(name, value or ""):
                self.faults.append(f"{tag} {name}={value!r}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"declaration {decl}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"instruction {data}")


def faults(html: str) -> list[str]:
    """Everything in it that could run, load, restyle, or change when it is parsed again."""
    inspector = _inspected(html)
    if OVERRIDES.search(html):
        inspector.faults.append("an override of direction")
    if sanitised(html) != html:
        inspector.faults.append("another parser would read it differently")
    return inspector.faults


def text_of(html: str) -> str:
    """The words without their elements."""
    return "".join(_inspected(html).text)


def _inspected(html: str) -> _Inspector:
    inspector = _Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector


def _is_harmless(name: str, value: str) -> bool:
    if name == "href":
        return bool(LINK.match(value))
    if name == "data-image":
        return value.startswith("https://")
    if name == "id":
        return bool(OWN_ID.fullmatch(value))
    return name in {"class", "aria-label"} or "(" not in value
