"""A person opens the server in a browser: Chromium, driven by Playwright, on the browser that the wheel ships.

What each page looked like is kept in ``screenshots/``. Nothing that a page asks for may fail or lie elsewhere.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BUILT = (ROOT / "stac_bridge" / "browser" / "index.html").is_file()

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: the browser was not tried; `make chromium` installs one"),
    pytest.mark.skipif(not BUILT, reason="NO BROWSER WAS BUILT, so none was tried; `make browser` tells why"),
    # software draws the map, on two cores that other tests use, too
    pytest.mark.timeout(240),
]

QUIET = [
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    # WebGL without a graphics card
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
]
LANDSAT = "landsat_ot_c2_l2"
expect.set_options(timeout=25_000)


@dataclass
class Visit:
    """A page, and what went wrong on it."""

    page: Page
    api: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        page = self.page
        page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("requestfailed", lambda one: self.wrong.append(f"failed: {one.url}"))
        page.on("response", lambda one: one.status >= 400 and self.wrong.append(f"{one.status}: {one.url}"))
        page.on("request", lambda one: self._elsewhere(one.url) and self.wrong.append(f"elsewhere: {one.url}"))

    def open(self, place: str) -> None:
        """A place within the browser, such as ``/collections/naip``."""
        self.page.goto(f"{self.api}/browser/#{place}")

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def _elsewhere(self, url: str) -> bool:
        return not url.startswith((f"{self.api}/", "blob:", "data:"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, api: str) -> Iterator[Visit]:
    """A page of a new visitor's; it fails the test for whatever went wrong on it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    context.set_default_timeout(25_000)
    visit = Visit(context.new_page(), api)
    visit.watch()
    yield visit
    context.close()
    assert visit.wrong == []


def pixels(shown: Locator) -> np.ndarray:
    """What a part of the page looks like, as (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(shown.screenshot())).convert("RGB"))


def colours(shown: Locator) -> int:
    return len(np.unique(pixels(shown).reshape(-1, 3), axis=0))


def test_the_address_of_the_server_shows_the_archive(visit: Visit) -> None:
    visit.page.goto(visit.api)
    expect(visit.page).to_have_title("stac-bridge")
    card = visit.page.locator(".catalog-card", has_text="Aerial Photo Single Frames")
    picture = card.get_by_role("img")
    expect(picture).to_have_js_property("complete", True)
    expect(picture).to_have_js_property("naturalWidth", 256)
    assert picture.get_attribute("alt")
    expect(visit.page.locator(".catalog-card")).to_have_count(20)
    visit.shot("1-archive")


def test_a_collection_is_found_by_text(visit: Visit) -> None:
    visit.open("/search")
    form = visit.page.locator("form.filter").first
    form.locator(".filter-freetext .multiselect").click()
    visit.page.keyboard.type("elevation")
    visit.page.keyboard.press("Enter")
    form.get_by_role("button", name="Submit").click()
    found = visit.page.locator(".right .catalog-card")
    expect(found.filter(has_text="SRTM")).not_to_have_count(0)
    expect(found.filter(has_text="Landsat")).to_have_count(0)
    visit.shot("2-collections-found")


def test_items_are_filtered_by_cloud_and_date_sorted_and_paged(visit: Visit) -> None:
    page = visit.page
    visit.open(f"/collections/{LANDSAT}")
    page.get_by_role("button", name="Show Filters").click()
    form = page.locator("form.filter")
    dates = form.locator(".filter-datetime input")
    dates.fill("2024-07-01 00:00:00 ~ 2024-07-31 00:00:00")
    dates.press("Tab")
    form.locator(".queryables .dropdown-toggle").click()
    form.locator(".queryables .dropdown-item", has_text="eo:cloud_cover").click()
    form.locator(".queryable-row .op .dropdown-toggle-split").click()
    form.locator(".queryable-row .op .dropdown-item", has_text="≤").click()
    form.locator(".queryable-row input").fill("10")
    order = form.locator(".sort .multiselect")
    order.click()
    order.locator(".multiselect__option", has_text="eo:cloud_cover").click()
    visit.shot("3-form")
    with page.expect_response(lambda one: "/items?" in one.url and "filter=" in one.url) as answer:
        form.get_by_role("button", name="Submit").click()
    found = answer.value.json()["features"]
    clouds = [one["properties"]["eo:cloud_cover"] for one in found]
    assert clouds == sorted(clouds)
    assert clouds[-1] <= 10
    assert {one["properties"]["datetime"][:7] for one in found} == {"2024-07"}
    expect(page.locator(".item-card", has_text=found[0]["id"])).to_be_visible()
    with page.expect_response(lambda one: "/items?" in one.url and "token=" in one.url) as answer:
        page.locator(".items-container").get_by_role("button", name="Next").first.click()
    further = answer.value.json()["features"]
    assert further[0]["properties"]["eo:cloud_cover"] >= clouds[-1]
    expect(page.locator(".item-card", has_text=further[0]["id"])).to_be_visible()
    expect(page.locator(".item-card", has_text=found[0]["id"])).to_have_count(0)
    visit.shot("4-items")


def some_item(visit: Visit) -> str:
    asked = {
        "collections": LANDSAT,
        "bbox": "5.9,45.4,6.5,45.8",
        "datetime": "2024-07-01T00:00:00Z/2024-07-31T00:00:00Z",
        "limit": "1",
    }
    return str(visit.page.request.get(f"{visit.api}/search", params=asked).json()["features"][0]["id"])


def test_an_item_shows_its_place_its_picture_and_a_band_and_is_downloaded(visit: Visit) -> None:
    page, item = visit.page, some_item(visit)
    calls: list[str] = []
    page.on("request", lambda one: "/assets/" in one.url and calls.append(one.url))
    with page.expect_response(lambda one: one.headers.get("content-type") == "image/jpeg") as picture:
        visit.open(f"/collections/{LANDSAT}/items/{item}")
    assert picture.value.ok
    map_ = page.locator(".map canvas").first
    expect(map_).to_be_visible()
    page.wait_for_load_state("networkidle")
    visit.shot("5-item")
    assert colours(page.locator(".map")) > 500, "the picture lies on the map"
    assert calls == [], "looking costs no download"

    band = page.locator("#asset-red")
    page.locator("[aria-controls=asset-red]").click()
    with page.expect_response(lambda one: "/assets/red/" in one.url and one.status == 206):
        band.get_by_role("button", name="Show on map").click()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    page.locator(".map").scroll_into_view_if_needed()
    middle = pixels(page.locator(".map"))[150:200, 200:280].reshape(-1, 3).astype(int)
    visit.shot("6-band")
    assert np.ptp(middle.max(axis=1)) > 30, "the band is not blank"
    assert (middle.max(axis=1) - middle.min(axis=1)).mean() < 8, "a single band is grey"

    page.get_by_role("button", name="Radiometric Saturation").click()
    with page.expect_download() as download:
        page.locator(f"a[download='{item}_QA_RADSAT.TIF']").click()
    assert download.value.suggested_filename == f"{item}_QA_RADSAT.TIF"
    download.value.cancel()  # it has begun, and the sandbox would compute 60 million pixels


def test_what_is_not_there_is_told_in_a_sentence(visit: Visit) -> None:
    visit.open(f"/collections/{LANDSAT}/items/no-such-scene")
    alert = visit.page.get_by_role("alert").first
    expect(alert).to_contain_text("no-such-scene")
    visit.shot("7-error")
    told = [one for one in visit.wrong if "404" in one]
    assert told, "the browser was told"
    visit.wrong[:] = [one for one in visit.wrong if "404" not in one]


def test_a_phone_shows_the_archive_in_its_width(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 800})
    visit.open(f"/collections/{LANDSAT}")
    expect(visit.page.locator(".item-card").first).to_be_visible()
    visit.shot("8-phone")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
