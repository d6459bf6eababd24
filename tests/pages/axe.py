"""axe-core on a page: what hinders somebody seriously."""

from importlib.resources import files

from playwright.sync_api import Page

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
_RUN = "axe.run({resultTypes: ['violations']}).then(found => found.violations)"


def serious_faults(page: Page) -> list[str]:
    """Each with the elements that have it."""
    page.evaluate(_AXE)
    return [
        f"{page.url} {each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in page.evaluate(_RUN)
        if each["impact"] in ("serious", "critical")
    ]
