"""The picture of the whole is of what there is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_file_that_a_step_names_is_there() -> None:
    named = re.findall(r"`([a-z_0-9]+/[a-z_0-9]+\.py)`", TEXT)
    assert len(named) > 20
    assert [one for one in named if not (ROOT / "stac_bridge" / one).is_file()] == []


def test_the_order_of_imports_is_the_one_that_is_kept() -> None:
    layers = re.findall(r'^  "(stac_bridge\.[^"]*)",$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[:7]
    drawn = [part.strip().replace(" │ ", " | ") for part in re.search(r"^cli.*$", TEXT, re.MULTILINE)[0].split("─►")]  # type: ignore[index]
    assert [layer.replace("stac_bridge.", "") for layer in layers] == drawn
