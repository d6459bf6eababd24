"""A real Chromium for tests, kept offline, and what it says when a page is not as it should be."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.api.accounts import PASSWORD
from tests.client import Server
from tests.services import ServiceMissing

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing of Chromium's own may look for the network: updates, its list of components, metrics.
OFFLINE = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
READY = "#send:enabled"


def installed_browser() -> str:
    """Raises `ServiceMissing`."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise ServiceMissing("Install chromium to test the pages.")


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(OFFLINE))
        yield browser
        browser.close()


# Of a machine with much else to do.
expect.set_options(timeout=15_000)


@dataclass
class Visitor:
    """Somebody in front of a window of their own; `complaints` is what its console held."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def opens(self, path: str) -> Page:
        self.page.goto(f"{self.server.url}{path}")
        return self.page

    def signs_in(self, name: str, password: str = PASSWORD) -> Page:
        self.opens("/sign-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.server.url}/")
        return self.page

    def asks(self, text: str) -> None:
        """Types and sends; the answer is on its way when this returns."""
        self.page.wait_for_selector(READY)
        self.page.get_by_label("Your message").fill(text)
        self.page.keyboard.press("Enter")
        self.page.locator(".question", has_text=text).last.wait_for()

    def sees(self, text: str) -> None:
        """In an answer that is over."""
        self.page.locator('.answer:not([data-state="pending"])', has_text=text).last.wait_for()

    def _heard(self, message: ConsoleMessage) -> None:
        # What the browser says of a status that a test asks for is no fault of the page.
        is_of_status = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not is_of_status:
            self.complaints.append(message.text)


@contextmanager
def visiting(browser: Browser, server: Server, **window: object) -> Iterator[Visitor]:
    """A new window without cookies; it is an error if anything was complained of."""
    context: BrowserContext = browser.new_context(**{"locale": "en-GB", **window})  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    visitor = Visitor(context.new_page(), server)
    yield visitor
    context.close()
    assert not visitor.complaints
