"""A person's visit to the browser that the wheel ships: Chromium, driven by Playwright.

What each page looked like is kept in ``screenshots/``. Nothing that a page asks for may fail or lie elsewhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BUILT = (ROOT / "stac_bridge" / "browser" / "index.html").is_file()

NEEDED = [
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: the browser was not tried; `make chromium` installs one"),
    pytest.mark.skipif(not BUILT, reason="NO BROWSER WAS BUILT, so none was tried; `make browser` tells why"),
    # software draws the map, on two cores that other tests use, too
    pytest.mark.timeout(240),
]
"""The marks of a module of such tests."""

QUIET = [
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    # WebGL without a graphics card; the rest of a page is drawn faster without it
    *("--use-gl=angle", "--use-angle=swiftshader-webgl", "--enable-unsafe-swiftshader"),
]
GIVEN_UP = "net::ERR_ABORTED"
"""What Chromium says of a picture that its page has left before it came, and of what is downloaded."""

LANDSAT = "landsat_ot_c2_l2"
DESK, PHONE = (1280, 900), (390, 844)
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
        page.on("requestfailed", lambda one: one.failure != GIVEN_UP and self.wrong.append(f"failed: {one.url}"))
        page.on("response", lambda one: one.status >= 400 and self.wrong.append(f"{one.status}: {one.url}"))
        page.on("request", lambda one: self._elsewhere(one.url) and self.wrong.append(f"elsewhere: {one.url}"))

    def open(self, place: str) -> None:
        """A place within the browser, such as ``/collections/naip``."""
        self.page.goto(f"{self.api}/browser/#{place}")

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def forgive(self, status: int) -> None:
        """Forget answers that were to have this status; there must have been one."""
        told = [one for one in self.wrong if str(status) in one]
        assert told, "the browser was told"
        self.wrong[:] = [one for one in self.wrong if one not in told]

    def _elsewhere(self, url: str) -> bool:
        return not url.startswith((f"{self.api}/", "blob:", "data:"))


@contextmanager
def visiting(chromium: Browser, api: str, size: tuple[int, int] = DESK) -> Iterator[Visit]:
    """A page of a new visitor's; whatever went wrong on it fails the test."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="en", reduced_motion="reduce")
    context.set_default_timeout(25_000)
    visit = Visit(context.new_page(), api)
    visit.watch()
    yield visit
    context.close()
    assert visit.wrong == [], visit.wrong


def some_item(visit: Visit) -> str:
    asked = {
        "collections": LANDSAT,
        "bbox": "5.9,45.4,6.5,45.8",
        "datetime": "2024-07-01T00:00:00Z/2024-07-31T00:00:00Z",
        "limit": "1",
    }
    return str(visit.page.request.get(f"{visit.api}/search", params=asked).json()["features"][0]["id"])
