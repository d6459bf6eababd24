"""A window in which everything that runs or leaves is noticed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Dialog, Page, Request

from tests.client import Server

# Long enough for the error of an image, or for an animation, to begin.
_SETTLED = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 60)))"


@dataclass
class Watch:
    """`happened` is what should not have: scripts that ran and requests to other hosts."""

    page: Page
    server: Server
    happened: list[str] = field(default_factory=list)

    def opens(self, path: str) -> Page:
        self.page.goto(f"{self.server.url}{path}")
        self.settles()
        return self.page

    def settles(self) -> None:
        self.page.evaluate(_SETTLED)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.happened.append(f"{request.resource_type} {request.url}")

    def _failed(self, request: Request) -> None:
        # It is told of as a request, but the policy has not let it out.
        if request.failure == "csp":
            self.happened.remove(f"{request.resource_type} {request.url}")

    def _spoken(self, dialog: Dialog) -> None:
        self.happened.append(f"{dialog.type} {dialog.message}")
        dialog.dismiss()


@contextmanager
def watching(browser: Browser, server: Server, **window: object) -> Iterator[Watch]:
    """Without the pages' policy, unless told so: it would hide what they let through."""
    options = {"bypass_csp": True, "locale": "en-GB", **window}
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    watch = Watch(context.new_page(), server)
    context.on("request", watch._asked)
    context.on("requestfailed", watch._failed)
    context.on("dialog", watch._spoken)
    yield watch
    context.close()
