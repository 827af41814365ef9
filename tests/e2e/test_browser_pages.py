"""Every page of the browser is for everybody: by keyboard, by ear, on a phone, and when something is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import LANDSAT, NEEDED, PHONE, SHOTS, Visit, some_item, visiting
from tests.serving import started

pytestmark = [*NEEDED, pytest.mark.long]

FOCUS = """target => {
    const one = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(one);
    const seen = one === document.body || outlineStyle !== 'none' && outlineWidth !== '0px';
    return { there: one.matches(target), seen, html: one.outerHTML.slice(0, 200) };
}"""
NAMED = "button|link|textbox|searchbox|combobox|checkbox|radio|spinbutton|tab"


def told(visit: Visit, path: str) -> str:
    """What a program is told at this path."""
    return str(visit.page.request.get(f"{visit.api}{path}").json()["detail"])


@pytest.mark.parametrize(
    ("place", "name"),
    [("/collections/nope", "nope"), (f"/collections/{LANDSAT}/items/no-such-scene", "no-such-scene")],
)
def test_what_is_not_there_is_told_in_the_servers_sentence(visit: Visit, place: str, name: str) -> None:
    visit.open(place)
    expect(visit.page).to_have_title(re.compile(f"^Not Found: {name}"))
    expect(visit.page.get_by_role("alert")).to_contain_text(told(visit, place))
    visit.shot("7-error")
    visit.forgive(404)


def test_a_search_that_is_refused_tells_the_servers_sentence(visit: Visit) -> None:
    refused = "sortby=nonsense"
    visit.page.route(f"**/collections/{LANDSAT}/items?*", lambda one: one.continue_(url=f"{one.request.url}&{refused}"))
    visit.open(f"/collections/{LANDSAT}")
    alert = visit.page.locator(".global-error")
    expect(alert).to_contain_text(told(visit, f"/collections/{LANDSAT}/items?{refused}"))
    expect(alert).not_to_contain_text("status code")
    visit.shot("7-refused")
    visit.forgive(400)


def test_an_m2m_that_is_down_is_told_in_the_servers_sentence(chromium: Browser, tmp_path: Path) -> None:
    nobody = {"m2m_url": "http://127.0.0.1:9/", "m2m_username": "somebody", "m2m_token": "a-token"}
    with started("serve", tmp_path, **nobody) as (api, _log), visiting(chromium, api) as visit:
        with visit.page.expect_response(f"{api}/collections/naip") as answer:
            visit.open("/collections/naip")
        assert (answer.value.status, "retry-after" in answer.value.headers) == (503, True)
        expect(visit.page.get_by_role("alert").first).to_contain_text(answer.value.json()["detail"])
        visit.shot("7-down")
        visit.forgive(503)


def go(page: Page, target: str) -> None:
    """Press Tab until this has the focus, and Enter; whatever has it on the way can be seen to have it."""
    for _ in range(150):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS, target)
        assert focus["seen"], focus["html"]
        if focus["there"]:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab does not lead to {target}")


def test_the_way_from_the_catalogue_to_a_file_needs_no_mouse(visit: Visit) -> None:
    page = visit.page
    visit.open("/")
    expect(page.locator(".catalog-card")).to_have_count(20)
    go(page, f".catalog-card a[href$='/collections/{LANDSAT}']")
    expect(page.locator(".item-card").first).to_be_visible()
    go(page, "button[aria-controls=itemFilter]")
    expect(page.locator("form.filter")).to_be_visible()
    with page.expect_response(lambda one: "/items?" in one.url) as answer:
        go(page, "form.filter [type=submit]")
    answer.value.finished()
    expect(page.locator("main .loading")).to_have_count(0)
    go(page, ".item-card a")
    expect(page).to_have_title(re.compile(r", Landsat \d, path \d{3} row \d{3}, "))
    expect(page.locator(".assets")).to_be_visible()
    go(page, "[aria-controls=asset-mtl-xml]")
    with page.expect_download() as download:
        go(page, "a[download]")
    visit.shot("9-keyboard")
    assert download.value.suggested_filename.endswith("_MTL.xml")


def nameless(page: Page) -> list[str]:
    """What those who hear a page cannot tell from something else, as they hear it."""
    return re.findall(rf'^\s*- ((?:{NAMED})\b(?! ").*)', page.locator("body").aria_snapshot(), re.MULTILINE)


def test_pages_fit_a_phone_and_all_on_them_has_a_name(chromium: Browser, api: str) -> None:
    titles = set()
    with visiting(chromium, api, PHONE) as visit:
        page, item = visit.page, some_item(visit)
        for name, place, shown in (
            ("root", "/", ".catalog-card"),
            ("collection", f"/collections/{LANDSAT}?.itemFilterOpen=1", ".item-card"),
            ("item", f"/collections/{LANDSAT}/items/{item}", ".assets"),
            ("search", "/search", ".search form"),
        ):
            visit.open(place)
            expect(page.locator(shown).first).to_be_visible()
            if name == "search":
                page.get_by_role("tab", name="Items").click()
                page.locator("form.filter:visible").get_by_role("button", name="Submit").click()
                expect(page.locator(".item-card").first).to_be_visible()
            visit.shot(f"8-phone-{name}")
            assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), name
            assert nameless(page) == [], name
            assert page.locator("img:not([alt])").count() == 0, name
            titles.add(page.title())
    assert len(titles) == 4, titles
    assert all(title.endswith("stac-bridge") for title in titles), titles


def test_a_file_that_usgs_fetches_first_is_told_and_then_saved(visit: Visit) -> None:
    page = visit.page
    # a frame that no other test asks for
    asked = {"collections": "corona2", "ids": "DS1117-2086DA017"}
    (item,) = page.request.get(f"{visit.api}/search", params=asked).json()["features"]
    asset = item["assets"]["d183_standard_format"]
    visit.open(f"/collections/corona2/items/{item['id']}")
    page.locator("[aria-controls=asset-d183_standard_format]").click()
    expect(page.locator("#asset-d183_standard_format .staging")).to_contain_text("USGS may have to prepare this file")
    visit.shot("9-product")
    with page.expect_popup() as opened:
        page.locator("#asset-d183_standard_format").get_by_role("link", name="Download").click()
    staging = opened.value
    expect(staging.get_by_role("status")).to_contain_text("USGS")
    expect(staging).to_have_title(re.compile("^USGS is preparing "))
    staging.screenshot(path=SHOTS / "9-staging.png")
    with staging.expect_download() as download:
        pass  # the page looks again by itself
    held = httpx.get(asset["href"], follow_redirects=True)
    assert held.status_code == 200
    assert Path(download.value.path()).read_bytes() == held.content
