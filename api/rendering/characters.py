"""Characters that reorder what is read, as in https://trojansource.codes."""

_OVERRIDES = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_REMOVED = dict.fromkeys(_OVERRIDES)
_SHOWN = {code: f'<span class="bidi-control">U+{code:04X}</span>' for code in _OVERRIDES}


def without_overrides(html: str) -> str:
    """The same without embeddings, overrides and isolates; plain marks (LRM, RLM) stay."""
    return html.translate(_REMOVED) if not html.isascii() else html


def with_visible_overrides(code_html: str) -> str:
    """The same with each of them as a readable `U+202E`. Takes HTML without them in attributes."""
    return code_html.translate(_SHOWN) if not code_html.isascii() else code_html
