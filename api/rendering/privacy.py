"""Running text without anything that loads: images are offered, addresses become links."""

from collections.abc import Iterator

from markdown_it.token import Token

from api.rendering import links


def without_loading(children: list[Token]) -> list[Token]:
    """The same tokens with `image` replaced and written-out addresses linked."""
    return list(_rewritten(children))


def _rewritten(children: list[Token]) -> Iterator[Token]:
    links_open = 0
    for token in children:
        links_open += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "image":
            yield from _offered(token, inside_link=links_open > 0)
        elif token.type == "text" and not links_open:
            yield from _linked(token.content)
        else:
            yield token


def _offered(image: Token, *, inside_link: bool) -> Iterator[Token]:
    """A button that a script may turn into the image; a button within a link is not possible."""
    yield _text(_alternative(image))
    source = str(image.attrs.get("src", ""))
    host = links.image_host(source)
    if host and not inside_link:
        yield Token("image_offer", "button", 0, content=host, attrs={"data-image": source})


def _alternative(image: Token) -> str:
    parts = [child.content for child in image.children or []]
    return f"{''.join(parts).strip()} "


def _linked(text: str) -> Iterator[Token]:
    position = 0
    for start, end in links.bare_urls(text):
        url = text[start:end]
        if links.is_allowed(url):
            yield _text(text[position:start])
            yield Token("link_open", "a", 1, attrs={"href": url})
            yield _text(url)
            yield Token("link_close", "a", -1)
            position = end
    yield _text(text[position:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
