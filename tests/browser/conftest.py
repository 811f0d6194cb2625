"""The browser, and a page of it that looks at a service that a test makes up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.chromium import chromium
from tests.browser.made_up import MadeUp
from tests.servers.holdfast import serve_app

Look = Callable[..., Awaitable[Page]]
"""Opens the status page of a made-up service; further arguments are those of a page of Playwright."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests."""
    async with chromium() as running:
        yield running


@pytest.fixture
def service() -> MadeUp:
    """What the page is told; to be changed before `look`, or while the page polls."""
    return MadeUp()


@pytest_asyncio.fixture(loop_scope="session")
async def look(browser: Browser, service: MadeUp) -> AsyncIterator[Look]:
    """Opens the page. At the end: it said nothing on its console, and asked no other host for anything."""
    pages: list[Page] = []
    said: list[str] = []
    asked: list[str] = []
    async with serve_app(service.app()) as address:

        async def opened(**options: object) -> Page:
            page = await browser.new_page(**options)  # type: ignore[arg-type]
            pages.append(page)
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            await page.goto(f"http://127.0.0.1:{address.port}/")
            return page

        yield opened
        for page in pages:
            await page.close()
        # What Chromium itself says of a status that a test wants.
        assert [text for text in said if not text.startswith("Failed to load resource")] == []
        assert [url for url in asked if not url.startswith((f"http://127.0.0.1:{address.port}/", "data:"))] == []
