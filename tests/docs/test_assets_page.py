"""What the page about assets shows is what happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pystac
import pystac_client
import pytest

from stac_bridge.settings import Delivery, Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "assets.md").read_text(encoding="utf-8")
HERE = "http://127.0.0.1:8000"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def item(api: str) -> pystac.Item:
    search = pystac_client.Client.open(api).search(
        collections=["landsat_ot_c2_l2"], bbox=[5.9, 45.4, 6.5, 45.8], datetime="2024-07"
    )
    return next(search.items())


def test_an_href_has_the_form_that_the_page_shows(item: pystac.Item, api: str) -> None:
    (shown,) = blocks("text")
    form = re.escape(shown.strip().replace(HERE, api)).replace("…", "[^?&]+")
    assert re.fullmatch(form.replace("LC08_", "LC0[89]_"), item.assets["red"].href)


def test_the_pages_python_reads_pixels(api: str) -> None:
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(block.replace(HERE, api), names)  # the page's own words
    assert names["window"].shape == (512, 512)  # type: ignore[attr-defined]
    assert {"red", "nir08"} <= set(names["pixels"])  # type: ignore[call-overload]
    assert float((names["stack"] > 0).mean()) > 0.1  # type: ignore[operator]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: the page's commands were not run")
def test_the_pages_commands_fetch_a_file(item: pystac.Item, tmp_path: Path) -> None:
    environment = {**os.environ, "HREF": item.assets["mtl.txt"].href}
    said = [
        subprocess.run(["sh", "-c", one], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
        for one in blocks("sh")
    ]
    size = int(re.findall(r"content-length: (\d+)", said[0].stdout, re.IGNORECASE)[0])
    assert (tmp_path / "MTL.txt").stat().st_size == size
    assert item.id in (tmp_path / "MTL.txt").read_text()


def test_the_page_names_every_way_of_delivery_and_no_setting_that_is_not_there() -> None:
    told = PAGE.partition("## Redirected or streamed")[2].partition("Whoever is")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE)) == set(Delivery)
    settings = {f"STAC_BRIDGE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"STAC_BRIDGE_\w+", PAGE)) <= settings


def test_every_page_and_heading_that_this_one_leads_to_is_there() -> None:
    for target, heading in re.findall(r"\]\(([\w-]+\.md)(?:#([\w-]+))?\)", PAGE):
        headings = re.findall(r"^#+ (.+)$", (DOCS / target).read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings}
        assert not heading or heading in anchors, f"{target}#{heading}"
