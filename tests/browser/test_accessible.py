"""The status page is for everybody: axe-core finds nothing, the keyboard is enough, and so is a phone's width."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.browser.conftest import Look
from tests.browser.made_up import HISTORY, MadeUp, down

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HITS = [{"id": 7, "score": 0.5, "payload": {"name": "cherry", "long": "x" * 400}}]


async def with_data(page: Page, service: MadeUp) -> None:
    """Everything is well, and a search was made."""
    service.answer = (200, json.dumps({"hits": HITS, "stale": True}), {"Cache-Status": "holdfast; hit", "Age": "3"})
    await expect(page.locator("#routes tr").first).to_be_visible()
    await page.get_by_label("Vector, a list of numbers").fill("[1, 2, 3, 4]")
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.locator("#hits tr")).to_have_count(1)


async def with_errors(page: Page, service: MadeUp) -> None:
    """Both backends are down, /metrics is not there, and a search went wrong."""
    service.metrics = None
    service.infra = {"status": "down", "detail": "Away.", "vector_store": down(HISTORY[:2]), "cache": down(HISTORY)}
    service.answer = (503, '{"detail": "Away."}', {})
    await expect(page.locator("#overall")).to_have_text("Down", timeout=10000)
    await expect(page.locator("#traffic-note")).to_be_visible()
    await page.get_by_label("Vector, a list of numbers").fill("[1, 2, 3, 4]")
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(page.locator("#search-error")).to_have_text("503: Away.")


async def with_the_key_form(page: Page, service: MadeUp) -> None:
    """A key was asked for, and the one that was given is wrong."""
    service.keys = {"right": True}
    await page.reload()
    await page.get_by_label("Key", exact=True).fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.locator("#key-error")).to_contain_text("not accepted")


SCENES = {"data": with_data, "errors": with_errors, "key": with_the_key_form}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_no_violation(look: Look, service: MadeUp, theme: Literal["light", "dark"], scene: str) -> None:
    """By all rules of axe-core, best practices too, in both themes."""
    page = await look(color_scheme=theme, reduced_motion="reduce")
    await SCENES[scene](page, service)
    results = await Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    unsure = {result["id"] for result in results.response["incomplete"]}
    assert "color-contrast" not in unsure
    ran = {result["id"] for result in results.response["passes"]}
    assert {"color-contrast", "label", "document-title", "html-has-lang"} <= ran


@pytest.mark.parametrize("width", [360, 768, 1280])
async def test_nothing_is_wider_than_the_window(look: Look, service: MadeUp, width: int) -> None:
    """From a phone on, only tables scroll sideways, inside of their frames."""
    page = await look(viewport={"width": width, "height": 800})
    await with_data(page, service)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    outside = await page.evaluate(
        """width => [...document.querySelectorAll("button, input, textarea, select, .tile, .backend")]
            .filter((one) => one.offsetParent && !one.closest(".scroll") && one.getBoundingClientRect().right > width)
            .map((one) => one.outerHTML)""",
        width,
    )
    assert outside == []


async def test_the_keyboard_is_enough(look: Look, service: MadeUp) -> None:
    """Tab reaches all that can be used, in the order of the page, and the focus is seen."""
    page = await look()
    await with_data(page, service)
    await page.evaluate("document.activeElement.blur()")
    await page.locator("h1").click()
    reached: list[tuple[str, bool]] = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        told = await page.evaluate(
            """() => {
                const one = document.activeElement;
                const { outlineStyle, outlineWidth } = getComputedStyle(one);
                const name = one.id || one.getAttribute("aria-label") || one.getAttribute("aria-labelledby");
                return [name || one.textContent, outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
            }"""
        )
        if told[0] in [name for name, _ in reached]:
            break
        reached.append((told[0], told[1]))
    order = [
        "theme",
        "events-box",
        "collections-filter",
        "Search fruit",
        "search-collection",
        "search-vector",
        "hits-box",
    ]
    names = [name for name, _ in reached]
    assert [name for name in names if name in order] == order
    assert all(seen for name, seen in reached if name in order)


async def test_the_theme_can_be_chosen_and_is_remembered(look: Look) -> None:
    """The button goes from the system's theme to light and dark, and a reload keeps the choice."""
    page = await look(color_scheme="light")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = await page.evaluate(ground)
    button = page.get_by_role("button", name="Theme: auto")
    await button.click()
    assert await page.evaluate(ground) == light
    await page.get_by_role("button", name="Theme: light").click()
    dark = await page.evaluate(ground)
    assert dark != light
    await page.reload()
    await expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert await page.evaluate(ground) == dark
    await page.get_by_role("button", name="Theme: dark").click()
    assert await page.evaluate(ground) == light


async def test_nothing_moves_for_who_wants_no_motion(look: Look) -> None:
    """With reduced motion no element has a transition or an animation."""
    page = await look(reduced_motion="reduce")
    await expect(page.locator("#backends")).to_contain_text("qdrant-edge")
    moving = """[...document.querySelectorAll("*")].filter((one) => { const style = getComputedStyle(one);
        return style.transitionDuration !== "0s" || style.animationName !== "none"; }).length"""
    assert await page.evaluate(moving) == 0


async def test_polling_speaks_of_changes_alone(look: Look, service: MadeUp) -> None:
    """A live region is not written again while all is as it was, and speaks once when it is not."""
    page = await look()
    await expect(page.locator("#overall")).to_have_text("Up")
    await page.evaluate(
        """() => { window.spoken = []; new MutationObserver(() => window.spoken.push(
            document.getElementById("overall").textContent)).observe(document.getElementById("overall"),
            { childList: true, characterData: true, subtree: true }); }"""
    )
    for _ in range(2):
        async with page.expect_response("**/health/infra"):
            pass
    service.infra["status"] = "degraded"
    await expect(page.locator("#overall")).to_have_text("Degraded", timeout=10000)
    assert await page.evaluate("window.spoken") == ["Degraded"]
