"""The status page shows what the service tells, and nothing that it does not."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Look
from tests.browser.made_up import HISTORY, MadeUp, down, up

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_rates_and_quantiles_come_from_what_the_counters_grew_by(look: Look, service: MadeUp) -> None:
    """Of searches spread evenly from 1 to 10 ms half take 5.5 ms; the page's own questions count for nothing."""
    page = await look()
    tiles = page.locator(".tile")
    await expect(tiles.filter(has_text="p50").locator(".value")).to_have_text("5.5ms")
    await expect(tiles.filter(has_text="p99").locator(".value")).to_have_text("9.91ms")
    await expect(tiles.filter(has_text="5xx").locator(".value")).to_have_text("10%")
    await expect(tiles.filter(has_text="from the cache").locator(".value")).to_have_text("75%")
    await expect(tiles.filter(has_text="In flight").locator(".value")).to_have_text("3")
    await expect(page.locator("#version")).to_have_text("9.8.7")
    # 100 a reading, a second or a little more apart.
    rate = float((await tiles.filter(has_text="Requests").locator(".value").inner_text()).split()[0].rstrip("/s"))
    assert 20 < rate <= 100
    route = page.locator("#routes tr", has_text="/v1/collections/{collection}/search").locator("td")
    assert (await route.all_inner_texts())[1:3] == ["5.5 ms", "9.91 ms"]
    await expect(page.locator("#operations tr", has_text="cache recall").locator("td").last).to_have_class("n is-bad")


async def test_charts_are_told_in_words(look: Look) -> None:
    """Who cannot see a chart hears what it is of, and its last, least and greatest value."""
    page = await look()
    chart = page.get_by_role("img", name="Half take up to (p50), chart: now 5.5 ms, least 5.5 ms, most 5.5 ms")
    await expect(chart).to_be_visible(timeout=15000)


async def test_a_counter_that_begins_anew_makes_no_negative_rate(look: Look, service: MadeUp) -> None:
    """After a restart of the service what it has counted since is what it grew by."""
    plain = service.metrics
    assert plain is not None
    service.metrics = lambda reading: plain({1: 50, 2: 1}.get(reading, reading))
    page = await look()
    await expect(page.locator(".tile", has_text="5xx").locator(".value")).to_have_text("10%")
    assert "-" not in await page.locator("#tiles").inner_text()


async def test_without_metrics_the_rest_is_there(look: Look, service: MadeUp) -> None:
    """A service that serves no /metrics is shown with its backends and collections."""
    service.metrics = None
    page = await look()
    await expect(page.locator("#traffic-note")).to_contain_text("does not serve /metrics")
    await expect(page.locator("#tiles")).to_be_hidden()
    await expect(page.locator("#backends")).to_contain_text("qdrant-edge 0.9.0")
    await expect(page.locator("#collections")).to_contain_text("fruit")


async def test_backends_and_their_history_are_shown(look: Look, service: MadeUp) -> None:
    """An outage that is over is told, newest first; one that is on too, with its failure and its breakers."""
    page = await look()
    await expect(page.get_by_role("status").first).to_have_text("Up")
    events = page.locator("#events tr")
    await expect(events).to_have_count(len(HISTORY))
    await expect(events.first).to_contain_text("Recovered after 3.25 s")
    await expect(events.last).to_contain_text("Began to fail: refused, in recall")
    service.infra = {"status": "degraded", "vector_store": up("qdrant", "1.16", []), "cache": down(HISTORY[:2])}
    await expect(page.get_by_role("status").first).to_have_text("Degraded", timeout=10000)
    cache = page.locator(".backend", has_text="Cache")
    await expect(cache).to_contain_text("timeout, since")
    await expect(cache.locator(".facts .state")).to_have_text(["Open", "Half open"])
    service.infra = {"detail": "Away.", "status": "down", "vector_store": down([]), "cache": down([])}
    await expect(page.get_by_role("status").first).to_have_text("Down", timeout=10000)
    await expect(page).to_have_title("Down · Holdfast")


async def test_a_collection_is_shown_with_how_far_its_indexes_are(look: Look) -> None:
    """Points, vectors, indexes, and how much of the graph is built."""
    page = await look()
    row = page.locator("#collections tr")
    await expect(row).to_contain_text("12,345")
    await expect(row).to_contain_text("4 cosine")
    await expect(row).to_contain_text("section keyword")
    await expect(row).to_contain_text("graph 49 %")
    await expect(row.get_by_title("covers 6,000 points")).to_be_visible()


async def test_a_thousand_collections_are_described_when_they_are_looked_at(look: Look, service: MadeUp) -> None:
    """Those of the page that is shown are asked for, and no others; one can be found by a part of its name."""
    service.names = [f"things-{number:04}" for number in range(1000)]
    page = await look()

    def described() -> int:
        return sum(path.startswith("/v1/collections/") for path in service.asked)

    await expect(page.locator("#collections tr")).to_have_count(20)
    await expect(page.locator("#collections tr").last).to_contain_text("12,345")
    assert described() == 20
    await page.get_by_role("button", name="Next").click()
    await expect(page.locator("#collections tr").last).to_contain_text("12,345")
    await expect(page.locator("#collections tr").first).to_contain_text("things-0020")
    assert described() == 40
    await page.get_by_label("Name contains").fill("-0777")
    await expect(page.locator("#collections tr")).to_have_count(1)
    await expect(page.locator("#collections tr")).to_contain_text("12,345")
    assert described() == 41


async def test_a_page_that_is_hidden_asks_nothing(look: Look, service: MadeUp) -> None:
    """It stops when nobody looks, and asks at once when somebody does again."""
    page = await look()
    await expect(page.locator("#backends")).to_contain_text("qdrant-edge")
    show = """hidden => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.clock.install()
    await page.evaluate(show, True)
    await page.wait_for_load_state("networkidle")
    before = len(service.asked)
    await page.clock.run_for(600_000)
    await page.wait_for_load_state("networkidle")
    assert len(service.asked) == before
    async with page.expect_request("**/health/infra"):
        await page.evaluate(show, False)


async def test_a_service_that_is_gone_is_told(look: Look, service: MadeUp) -> None:
    """Where nobody answers the page says so, and keeps what it knew last."""
    page = await look()
    await expect(page.locator("#backends")).to_contain_text("qdrant-edge")
    await page.context.set_offline(True)
    await expect(page.get_by_role("status").first).to_have_text("No answer", timeout=10000)
    await expect(page.locator("#backends")).to_contain_text("qdrant-edge")
    await page.context.set_offline(False)
    await expect(page.get_by_role("status").first).to_have_text("Up", timeout=10000)
