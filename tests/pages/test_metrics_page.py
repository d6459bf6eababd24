"""The live metrics: for administrators, drawn again and again, in both directions."""

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, expect

from tests.api.accounts import administrator, signed_up
from tests.client import Server
from tests.pages.browsing import visiting

HTML = {"Accept": "text/html"}
CHARTS = ("requests", "responses", "errors", "latency", "turns", "tokens", "running", "followers")


@pytest.fixture(scope="module")
def staff_state(browser: Browser, place: Server) -> Any:
    with visiting(browser, place) as visitor:
        return visitor.signs_in(administrator(place).username).context.storage_state()


def test_it_counts_what_has_happened_since_the_last_reading(
    browser: Browser, place: Server, staff_state: Any
) -> None:
    with visiting(browser, place, storage_state=staff_state) as visitor:
        page = visitor.opens("/metrics/live?seconds=2")
        expect(page.locator("#state")).to_contain_text("As of")
        for _ in range(3):
            place.post("/sessions", json={}, headers=administrator(place).headers)
        counted = page.locator('[data-chart="requests"] output')
        expect(counted).to_have_text(re.compile(r"[1-9]"))
        expect(page.locator('[data-chart="latency"] output')).to_have_text(re.compile(r"\d"))
        points = page.locator('[data-chart="requests"] polyline')
        expect(points).to_have_attribute("points", re.compile(r"\d+\.\d,\d+\.\d"))
        assert page.locator("[data-chart] svg").count() == len(CHARTS)
        page.get_by_label("New reading every").select_option("60")
        assert page.url.endswith("?seconds=60")


def test_a_server_that_is_away_is_said(browser: Browser, place: Server, staff_state: Any) -> None:
    with visiting(browser, place, storage_state=staff_state) as visitor:
        visitor.page.route("**/metrics?*", lambda route: route.abort())
        page = visitor.opens("/metrics/live")
        expect(page.locator("#state")).to_have_text("The server does not answer. Trying again.")


def test_it_reads_from_right_to_left_on_a_narrow_page(
    browser: Browser, place: Server, staff_state: Any
) -> None:
    window = {"viewport": {"width": 360, "height": 700}, "locale": "fa-IR"}
    with visiting(browser, place, storage_state=staff_state, **window) as visitor:
        page = visitor.opens("/metrics/live")
        expect(page.locator("#state")).not_to_have_text("")
        expect(page.get_by_label("خواندن دوباره هر")).to_have_value("20")
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


def test_it_is_for_administrators_only(place: Server) -> None:
    for account, status in ((administrator(place), 200), (signed_up(place), 403)):
        answer = place.get("/metrics/live", headers={**HTML, **account.headers})
        assert answer.status_code == status


def test_nothing_is_drawn_where_nothing_is_counted() -> None:
    page = render_to_string("ui/metrics.html", {"is_counted": False})
    assert "METRICS_ENABLED" in page
    assert "data-chart" not in page
