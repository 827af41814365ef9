"""A person opens the server in a browser: what they find there, and what they can do."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.e2e.browsing import LANDSAT, NEEDED, Visit, some_item

pytestmark = NEEDED


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
    dates.fill("2024-07-01 00:00:00 ~ 2024-07-04 00:00:00")
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
    expect(page.locator(".item-card", has_text=found[0]["properties"]["title"])).to_be_visible()
    with page.expect_response(lambda one: "/items?" in one.url and "token=" in one.url) as answer:
        page.locator(".items-container").get_by_role("button", name="Next").first.click()
    further = answer.value.json()["features"]
    assert further[0]["properties"]["eo:cloud_cover"] >= clouds[-1]
    expect(page.locator(".item-card", has_text=further[0]["properties"]["title"])).to_be_visible()
    expect(page.locator(".item-card", has_text=found[0]["properties"]["title"])).to_have_count(0)
    visit.shot("4-items")


def test_an_item_shows_its_place_its_picture_and_a_band(visit: Visit) -> None:
    page, item = visit.page, some_item(visit)
    calls: list[str] = []
    page.on("request", lambda one: "/assets/" in one.url and "&u=" not in one.url and calls.append(one.url))
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


def test_a_download_is_the_file_that_the_href_leads_to(visit: Visit) -> None:
    page, item = visit.page, some_item(visit)
    visit.open(f"/collections/{LANDSAT}/items/{item}")
    expect(page.locator(".signing")).to_contain_text("signed: they need no login and are good until")
    page.get_by_role("button", name="Product Metadata File (xml)").click()
    link = page.locator(f"a[download='{item}_MTL.xml']")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == f"{item}_MTL.xml"
    href = str(link.get_attribute("href"))
    assert Path(download.value.path()).read_bytes() == httpx.get(href, follow_redirects=True).content
