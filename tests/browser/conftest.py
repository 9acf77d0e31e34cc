"""Headless Chromium, Debian's own, driven by Playwright; without either the tests say so and are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from puressl.explain.model import Story
from puressl.explain.page import to_html

#: As root, without a screen, and silent towards the network.
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser's context with a new profile."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install .[browser]"
    )
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        profile = str(tmp_path_factory.mktemp("profile"))
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=chromium, args=list(ARGUMENTS), viewport={"width": 1440, "height": 900}
        )
        yield context
        context.close()


@dataclass
class Opened:
    """A story's page in a tab. complaints: what the browser's console, its errors and its network said."""

    tab: Any
    story: Story
    address: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def at(self, step: int) -> Opened:
        """Opens the page anew at a step."""
        self.tab.goto("about:blank")
        self.tab.goto(f"{self.address}#step-{step}")
        return self

    def all(self, selector: str, script: str) -> Any:
        """What an expression of ``each`` gives for every element that a selector finds."""
        return self.tab.eval_on_selector_all(selector, f"found => found.map(each => {script})")

    @property
    def marked(self) -> list[int]:
        """Offsets of the bytes of the message that are marked."""
        offsets: list[int] = self.all("#bytes .byte.marked", "Number(each.dataset.at)")
        return offsets

    @property
    def marked_field(self) -> int:
        (found,) = self.all("#bytes .field.marked", "Number(each.dataset.field)")
        return int(found)

    @property
    def path(self) -> str:
        text: str = self.tab.text_content("#bytes .path")
        return text


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[[Story], Opened]]:
    """Writes a story's page into a file and opens that."""
    tabs: list[Any] = []

    def open_story(story: Story) -> Opened:
        file = tmp_path / "page.html"
        file.write_text(to_html(story), encoding="utf-8")
        tab = browser.new_page()
        tabs.append(tab)
        opened = Opened(tab, story, file.as_uri())
        tab.on("console", lambda message: opened.complaints.append(message.text))
        tab.on("pageerror", lambda error: opened.complaints.append(str(error)))
        tab.on("request", lambda request: opened.requests.append(request.url))
        tab.on("requestfailed", lambda request: opened.complaints.append(request.url))
        tab.on("dialog", lambda dialog: opened.complaints.append(dialog.message))
        return opened.at(0)

    yield open_story
    for tab in tabs:
        tab.close()
