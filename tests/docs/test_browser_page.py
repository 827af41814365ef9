"""What the page about the browser says is so."""

from __future__ import annotations

import re
from pathlib import Path

from stac_bridge.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "browser.md").read_text(encoding="utf-8")


def test_every_page_that_this_one_leads_to_is_there() -> None:
    for target in re.findall(r"\]\(([^):#]+)(?:#[\w-]+)?\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


def test_the_settings_are_those_of_the_code() -> None:
    settings = {f"STAC_BRIDGE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"STAC_BRIDGE_\w+", PAGE)) <= settings


def test_the_base_map_of_the_example_is_read_as_the_page_says() -> None:
    (value,) = re.findall(r'STAC_BRIDGE_BASEMAP="([^"]+)"', PAGE)
    tiles, _, whose = Settings(basemap=value).basemap.partition(" ")
    assert (tiles, whose) == ("https://tiles.example/{z}/{x}/{y}.png", "© Example contributors")


def test_the_version_is_the_one_that_is_built() -> None:
    (version,) = re.findall(r"STAC Browser (\d\S+)", PAGE)
    assert f'"@radiantearth/stac-browser": "{version}"' in (ROOT / "browser" / "package.json").read_text()
