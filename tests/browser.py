"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="Chromium is not installed (apt-get install chromium)",
)


@dataclass
class Visit:
    """A tab, what its pages said on the console, and every address that they asked for."""

    page: Page
    told: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    root: str = ""
    """Of the site that it looks at."""


@contextmanager
def visit() -> Iterator[Visit]:
    """A new tab. The database can't be used inside: Playwright runs an event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        seen = Visit(browser.new_page())
        page = seen.page
        page.set_default_timeout(60_000)
        page.on("console", lambda message: seen.told.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: seen.told.append(f"{page.url}: {error}"))
        page.on("request", lambda request: seen.asked.append(request.url))
        yield seen
        browser.close()
