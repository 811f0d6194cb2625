"""The form that tries a search asks what was typed, and shows what came."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Look
from tests.browser.made_up import MadeUp

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'


async def send(page: Page) -> None:
    """Press the button of the form."""
    await page.get_by_role("button", name="Search", exact=True).click()


async def test_what_was_typed_is_asked(look: Look, service: MadeUp) -> None:
    """Vector, filter and limit go out to the digit, and hits come in with ids, scores and payloads as they are."""
    payload = {"name": "cherry", "serial": 9007199254740993, "long": "x" * 300}
    hits = [{"id": 18446744073709551615, "score": 0.98765432, "payload": payload}]
    headers = {"Cache-Status": "holdfast; hit; detail=stale", "Age": "7"}
    service.answer = (200, json.dumps({"hits": hits, "stale": True}), headers)
    page = await look()
    await expect(page.locator("#search-collection")).to_have_value("fruit")
    await page.get_by_label("Vector, a list of numbers").fill("[1, 0.5, -2e-3, 0]")
    filter_ = '{"must": [{"key": "n", "match": {"value": 9007199254740993}}]}'
    await page.get_by_label("Filter in JSON").fill(filter_)
    await page.get_by_label("Limit").fill("3")
    await send(page)
    row = page.locator("#hits tr")
    await expect(row.locator("th")).to_have_text("18446744073709551615")
    await expect(row).to_contain_text("0.98765")
    await expect(row).to_contain_text('"serial": 9007199254740993')
    line = page.locator("#result-line")
    for part in ("1 hit in", "stale", "Cache-Status: holdfast; hit; detail=stale", "Age: 7"):
        await expect(line).to_contain_text(part)
    assert service.bodies == [f'{{"vector": [1, 0.5, -2e-3, 0], "limit": 3, "filter": {filter_}}}']


async def test_a_stored_point_can_be_asked_for(look: Look, service: MadeUp) -> None:
    """An integer beyond what JavaScript counts to stays whole, and a UUID is text."""
    page = await look()
    await expect(page.locator("#search-collection")).to_have_value("fruit")
    await page.get_by_label("a stored point").check()
    for typed in ("18446744073709551615", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"):
        await page.get_by_label("Id, an integer or a UUID").fill(typed)
        async with page.expect_response("**/search"):
            await send(page)
    assert [json.loads(body)["id"] for body in service.bodies] == [
        18446744073709551615,
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    ]


async def test_a_random_vector_is_of_the_collections_size(look: Look, service: MadeUp) -> None:
    """The button fills in as many numbers as the collection's vectors have, of norm 1."""
    page = await look()
    await expect(page.locator("#search-collection")).to_have_value("fruit")
    await page.get_by_role("button", name="Random vector").click()
    field = page.get_by_label("Vector, a list of numbers")
    await expect(field).not_to_have_value("")
    vector = json.loads(await field.input_value())
    assert len(vector) == 4
    assert sum(number * number for number in vector) == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize(
    ("label", "typed", "told"),
    [
        ("Vector, a list of numbers", "[1, 2", "The vector is a list of numbers, in JSON."),
        ("Filter in JSON", "[]", "The filter is an object, in JSON."),
        ("Collection", "", "Which collection?"),
        ("Limit", "", "The limit is a whole number."),
    ],
)
async def test_a_mistake_is_told_at_its_field(look: Look, service: MadeUp, label: str, typed: str, told: str) -> None:
    """Nothing is asked, the field is marked and has the focus, and the error is tied to it."""
    page = await look()
    await expect(page.locator("#search-collection")).to_have_value("fruit")
    await page.get_by_label("Vector, a list of numbers").fill("[1]")
    field = page.locator("#search").get_by_label(label)
    await field.fill(typed)
    await send(page)
    await expect(page.locator("#search-error")).to_have_text(told)
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_have_attribute("aria-describedby", "search-error")
    assert service.bodies == []


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (422, '{"detail": "$.vector: expected 4 numbers, got 1."}', "422: $.vector: expected 4 numbers, got 1."),
        (
            503,
            '{"detail": "Vector database temporarily unavailable."}',
            "503: Vector database temporarily unavailable.",
        ),
        (502, "<html>Bad Gateway</html>", "502: The service answered with the status 502."),
        (422, json.dumps({"detail": HOSTILE}), f"422: {HOSTILE}"),
    ],
)
async def test_an_error_is_told_by_its_detail(look: Look, service: MadeUp, status: int, body: str, told: str) -> None:
    """What the service says is shown as text, and a proxy that says nothing of use by its status."""
    service.answer = (status, body, {})
    page = await look()
    await expect(page.locator("#search-collection")).to_have_value("fruit")
    await page.get_by_label("Vector, a list of numbers").fill("[1]")
    await send(page)
    await expect(page.locator("#search-error")).to_have_text(told)
    await expect(page.locator("#result")).to_be_hidden()


async def test_markup_in_data_is_shown_and_never_read(look: Look, service: MadeUp) -> None:
    """Names, fields, events, labels and payloads that are markup make no element and run nothing."""
    service.names = [HOSTILE]
    service.describe = lambda name: {
        "name": name,
        "size": 2,
        "distance": HOSTILE,
        "points": 1,
        "status": HOSTILE,
        "indexes": {HOSTILE: HOSTILE},
    }
    service.infra["vector_store"]["technology"] = HOSTILE
    service.infra["cache"]["history"] = [{"at": HOSTILE, "event": "failed", "operation": HOSTILE, "failure": HOSTILE}]
    escaped = HOSTILE.replace('"', '\\"')
    service.metrics = lambda n: (
        f'holdfast_http_requests_total{{route="{escaped}",status="200"}} {n}\n'
        f'holdfast_build_info{{version="{escaped}"}} 1\n'
    )
    hits = [{"id": HOSTILE, "score": HOSTILE, "payload": {HOSTILE: HOSTILE * 9}}]
    service.answer = (200, json.dumps({"hits": hits, "stale": False}), {"Cache-Status": "<img>"})
    page = await look()
    await expect(page.locator("#collections th")).to_have_text(HOSTILE)
    await expect(page.locator("#version")).to_have_text(HOSTILE)
    await expect(page.locator("#routes th")).to_have_text(HOSTILE)
    await expect(page.locator("#events")).to_contain_text(HOSTILE)
    await page.get_by_label("Vector, a list of numbers").fill("[1, 2]")
    await send(page)
    await expect(page.locator("#hits th")).to_have_text(HOSTILE)
    assert await page.locator("img, script:not(head script, body > script)").count() == 0
    assert await page.title() == "Up · Holdfast"
