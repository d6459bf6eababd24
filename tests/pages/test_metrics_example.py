"""`examples/metrics.html`, opened from disk as its reader does (C-6.8)."""

import re

from playwright.sync_api import Browser, expect

from tests.client import ROOT, Server

PAGE = (ROOT / "examples" / "metrics.html").as_uri()


def test_it_polls_and_draws(browser: Browser, place: Server) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{PAGE}?server={place.url}&seconds=1")
    expect(page.locator("#state")).to_contain_text("As of")
    before = int(page.locator("#requests output").inner_text().replace(",", ""))
    place.post("/sessions", json={})
    counted = page.locator("#requests output")
    expect(counted).not_to_have_text(f"{before:,}", timeout=10_000)
    expect(page.locator("#requests polyline")).to_have_attribute("points", re.compile(r"\d"))
    page.close()
    assert complaints == []


def test_it_reads_from_right_to_left_in_persian_and_says_when_nobody_answers(
    browser: Browser,
) -> None:
    page = browser.new_page()
    page.goto(f"{PAGE}?server=http://127.0.0.1:9&lang=fa")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#state")).to_contain_text("سرور پاسخ نمی‌دهد")
    page.close()
