"""The site that Sphinx makes of docs/: built whole, without a warning, and looked through."""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from tests.docs.shell import PAGES, ROOT

pytestmark = pytest.mark.long

FETCHED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}
"""What a browser asks for by itself when it opens a page."""
OF_SPHINX = {"search.html", "genindex.html"}


class Page(HTMLParser):
    """What a page of the site leads to, what it has fetched, its anchors, and its navigation."""

    def __init__(self, site: Path, path: Path) -> None:
        super().__init__()
        self.name = path.relative_to(site).as_posix()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = {""}
        self.pictures_without_text: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.anchors |= {said[name] for name in ("id", "name") if name in said}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        if tag in FETCHED and FETCHED[tag] in said and "canonical" not in said.get("rel", ""):
            self.fetched.append(said[FETCHED[tag]])
        if tag == "img" and "alt" not in said:
            self.pictures_without_text.append(said["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as ``make docs`` builds it."""
    folder = tmp_path_factory.mktemp("site")
    (recipe,) = re.findall(
        r"^\t\$\(BIN\)/sphinx-build (.*) -d \S+ docs \S+$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    command = [
        sys.executable,
        "-m",
        "sphinx",
        *recipe.split(),
        "-d",
        str(folder / "trees"),
        "docs",
        str(folder / "html"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert ran.returncode == 0, ran.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    read = (Page(site, path) for path in sorted(site.rglob("*.html")))
    return {page.name: page for page in read if not page.name.startswith("_static/")}


def inside(page: Page, links: list[str]) -> Iterator[tuple[str, str]]:
    """The file, below the site, and the anchor of each link that stays within it."""
    for link in links:
        parts = urlsplit(link)
        if not parts.scheme and not parts.netloc:
            target, anchor = urldefrag(link)
            path = unquote(target.partition("?")[0])
            folder = posixpath.dirname(page.name)
            yield posixpath.normpath(posixpath.join(folder, path)) if path else page.name, unquote(anchor)


def test_every_page_is_reached_from_the_navigation_of_every_other(pages: dict[str, Page]) -> None:
    written = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in PAGES}
    assert written == pages.keys() - OF_SPHINX
    for page in pages.values():
        assert written <= {target for target, _anchor in inside(page, page.links)}, page.name


def test_no_link_within_the_site_leads_nowhere(pages: dict[str, Page], site: Path) -> None:
    for page in pages.values():
        for target, anchor in inside(page, [*page.links, *page.fetched]):
            assert (site / target).exists(), f"{page.name} leads to {target}"
            assert target not in pages or anchor in pages[target].anchors, f"{page.name}: {target}#{anchor}"


def test_no_page_asks_another_host(pages: dict[str, Page], site: Path) -> None:
    for page in pages.values():
        assert [one for one in page.fetched if urlsplit(one).netloc] == [], page.name
    for style in site.glob("_static/**/*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style.name


def test_every_picture_has_a_text(pages: dict[str, Page]) -> None:
    assert {page.name: page.pictures_without_text for page in pages.values() if page.pictures_without_text} == {}
