"""How long the main thread of a page is busy at a time, from Chromium's own trace."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

# Scrolls until there is no more of it.
WHOLE_LIST = """
async () => {
  const list = document.querySelector('.conversations');
  const frame = () => new Promise(requestAnimationFrame);
  while (list.querySelector('.more')) {
    list.scrollTop = list.scrollHeight;
    await frame();
  }
}
"""
_TASK = "ThreadControllerImpl::RunTask"


@dataclass
class Trace:
    """Tasks of the page's main thread, in milliseconds; filled when the trace has ended."""

    tasks: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.tasks)


@contextmanager
def traced(browser: Browser, page: Page) -> Iterator[Trace]:
    """Of what the page does meanwhile. What other programs take of the processor is not counted."""
    trace = Trace()
    browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    yield trace
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {_thread(each) for each in events if _is_main_thread(each)}
    busy = [each for each in events if each.get("name") == _TASK and _thread(each) in mains]
    trace.tasks = [each.get("tdur", each.get("dur", 0)) / 1000 for each in busy]


def _thread(event: dict[str, Any]) -> tuple[int, int]:
    return event["pid"], event["tid"]


def _is_main_thread(event: dict[str, Any]) -> bool:
    return bool(event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain")
