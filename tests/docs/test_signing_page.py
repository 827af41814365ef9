"""What the page on hrefs says is what happens."""

from __future__ import annotations

import re
from pathlib import Path

from stac_bridge.api.routes.sign import MAX_HREFS
from stac_bridge.client.signing import MARGIN
from stac_bridge.client.signing import MAX_HREFS as ASKED

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "signing.md").read_text(encoding="utf-8")


def test_its_script_runs(api: str) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    exec(block.replace("http://127.0.0.1:8000", api), names)  # the page's own words
    assert "red" in set(names["pixels"])  # type: ignore[call-overload]


def test_its_numbers_are_the_codes() -> None:
    assert MAX_HREFS == ASKED
    assert f"{MAX_HREFS:,}" in TEXT
    assert f"{MARGIN / 60:.0f} minutes" in TEXT
