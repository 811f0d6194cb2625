"""The system's Chromium, without a window, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking")
"""No name is looked up, whoever asks: the page and the browser itself."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser. Raises `RuntimeError` where none is installed."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        message = "Chromium is missing: apt-get install chromium"
        raise RuntimeError(message)
    async with async_playwright() as playwright:
        # In a container there is no sandbox for it; the pages are this repository's own.
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *OFFLINE])
        try:
            yield browser
        finally:
            await browser.close()
