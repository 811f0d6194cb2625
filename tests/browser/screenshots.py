"""The screenshots of docs/images, made anew: `make screenshots`.

A service on the embedded engine and Redis, the sample of demo/, searches as a few callers make them, and an
outage of Redis among them.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page

from tests.browser.chromium import chromium
from tests.e2e.service import ROOT, service
from tests.servers.redis import RedisServer

IMAGES = ROOT / "docs" / "images"
COLLECTION = "packages-demo"
SECONDS, OUTAGE = 100.0, (40.0, 46.0)
CALLERS, MEAN_PAUSE = 3, 0.05
WIDE, HIGH = 1240, 1000


def bodies() -> list[dict[str, object]]:
    """Searches: near a few hundred packages, most of them asked for again and again."""
    with gzip.open(ROOT / "demo" / "packages.jsonl.gz", "rt") as lines:
        ids = [json.loads(line)["id"] for line in lines]
    return [{"id": id_, "limit": 10} for id_ in random.Random(5).sample(ids, 400)]  # noqa: S311


async def call(client: httpx.AsyncClient, asked: list[dict[str, object]], seed: int) -> None:
    """One caller, who asks what is asked often more often, until cancelled."""
    drawn = random.Random(seed)  # noqa: S311
    while True:
        body = asked[min(int(drawn.paretovariate(0.6)) - 1, len(asked) - 1)]
        await client.post(f"/v1/collections/{COLLECTION}/search", json=body)
        await asyncio.sleep(drawn.expovariate(1 / MEAN_PAUSE))


async def outage(redis: RedisServer) -> None:
    """Redis is gone for a while."""
    begin, end = OUTAGE
    await asyncio.sleep(begin)
    await asyncio.to_thread(redis.kill)
    await asyncio.sleep(end - begin)
    await asyncio.to_thread(redis.start)


async def search(page: Page) -> None:
    """Fill in the form, and send it."""
    await page.get_by_label("a stored point").check()
    await page.get_by_label("Id, an integer or a UUID").fill(str(bodies()[0]["id"]))
    await page.get_by_label("Limit").fill("3")
    await page.get_by_role("button", name="Search", exact=True).click()
    await page.locator("#hits tr").first.wait_for()


async def take(browser: Browser, url: str) -> None:
    """Look for as long as it takes for the charts to have a course, then in both themes."""
    page = await browser.new_page(viewport={"width": WIDE, "height": HIGH})
    await page.goto(url)
    await asyncio.sleep(SECONDS)
    await search(page)
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme="light" if theme == "light" else "dark", reduced_motion="reduce")
        path = IMAGES / f"status-{theme}.png"
        await page.screenshot(path=path, full_page=True, animations="disabled")
        if shutil.which("pngquant"):
            # To a third, with nothing that an eye would see.
            subprocess.run(["pngquant", "--force", "--ext", ".png", "--strip", str(path)], check=True)  # noqa: ASYNC221, S603, S607
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")  # noqa: T201


async def main() -> None:
    """Make both."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, RedisServer() as redis:
        url, process = service(QDRANT__URL=f"file:{Path(folder) / 'data'}", REDIS__URL=redis.url)
        with process:
            load = [sys.executable, str(ROOT / "demo" / "demo.py"), "--url", url]
            subprocess.run(load, check=True, stdout=subprocess.DEVNULL)  # noqa: S603, ASYNC221
            async with httpx.AsyncClient(base_url=url) as client, chromium() as browser:
                asked = bodies()
                calls = [asyncio.create_task(call(client, asked, seed)) for seed in range(CALLERS)]
                calls.append(asyncio.create_task(outage(redis)))
                await take(browser, url)
                for one in calls:
                    one.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            # In order, so that the engine lets go of the folder first.
            process.stop()


if __name__ == "__main__":
    asyncio.run(main())
