"""Where the service asks for a key, the page does, and keeps it to itself."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Look
from tests.browser.made_up import MadeUp

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def give(page: Page, key: str) -> None:
    """Type the key and send it, by keyboard."""
    await page.get_by_label("Key", exact=True).fill(key)
    await page.keyboard.press("Enter")


async def test_a_key_is_asked_for_and_used(look: Look, service: MadeUp) -> None:
    """Without one nothing is shown, nor asked again and again; a wrong one is told, a right one shows all."""
    service.keys = {"k3y-of-mine": True}
    page = await look()
    await expect(page.get_by_role("heading", name="This service asks for a key")).to_be_visible()
    await expect(page.locator("#overall")).to_have_text("Key needed")
    asked = len(service.asked)
    await page.clock.install()
    await page.clock.run_for(60_000)
    assert len(service.asked) == asked == 3
    await give(page, "wrong")
    await expect(page.locator("#key-error")).to_have_text("The key was not accepted: Expected a key.")
    await give(page, "not ascii \u00e4")
    await expect(page.locator("#key-error")).to_contain_text("without spaces")
    await give(page, "k3y-of-mine")
    await expect(page.locator("#key")).to_be_hidden()
    await expect(page.locator("#backends")).to_contain_text("qdrant-edge")
    await expect(page.locator("#collections")).to_contain_text("fruit")


async def test_a_key_lasts_as_long_as_the_tab_and_is_forgotten_when_asked(look: Look, service: MadeUp) -> None:
    """It survives a reload, is in no address, cookie or lasting storage, and leaves with all that it showed."""
    service.keys = {"k3y-of-mine": True}
    page = await look()
    await give(page, "k3y-of-mine")
    await expect(page.locator("#backends")).to_contain_text("qdrant-edge")
    await page.reload()
    await expect(page.locator("#backends")).to_contain_text("qdrant-edge")
    where = await page.evaluate(
        "[location.href, document.cookie, JSON.stringify(localStorage), document.body.innerHTML]"
    )
    assert [place for place in where if "k3y-of-mine" in place] == []
    await page.get_by_role("button", name="Forget key").click()
    await expect(page.get_by_role("heading", name="This service asks for a key")).to_be_visible()
    await expect(page.locator("#backends")).to_be_empty()
    await expect(page.locator("#collections")).to_be_empty()
    assert await page.evaluate("sessionStorage.length") == 0


async def test_what_a_key_does_not_allow_is_told(look: Look, service: MadeUp) -> None:
    """A 403 is shown by what the service says of it, and no other key is asked for."""
    service.keys = {"poor": False}
    page = await look()
    await give(page, "poor")
    for note in ("#traffic-note", "#backends-note", "#collections-note"):
        await expect(page.locator(note)).to_have_text("This key gives no right to that.")
    await expect(page.locator("#overall")).to_have_text("Not allowed")
    await expect(page.locator("#key")).to_be_hidden()


async def test_the_status_alone_is_shown_to_who_is_told_no_more(look: Look, service: MadeUp) -> None:
    """A service that tells strangers whether it is up, and no more, is shown as that."""
    service.infra = {"status": "degraded"}
    page = await look()
    await expect(page.locator("#overall")).to_have_text("Degraded")
    await expect(page.locator("#backends-note")).to_contain_text("who has a key")
    service.infra = {"status": "down", "detail": "Away."}
    await expect(page.locator("#overall")).to_have_text("Down", timeout=10000)
