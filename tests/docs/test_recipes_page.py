"""The blocks of docs/recipes.md for programs that are not among this project's dependencies."""

from __future__ import annotations

import re

import pytest
import requests

from tests.docs.shell import ROOT

TEXT = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
ITEM = "collections/landsat_ot_c2_l2/items/LC08_L2SP_196028_20240728_20240807_02_T1"
PROGRAMS = {
    "import obstore": ["obstore"],
    "ObjectStoreRegistry": ["obstore", "obspec_utils"],
    "import fsspec": ["aiohttp"],
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_loses_the_query_reads_as_the_page_shows(
    program: str, api: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in PROGRAMS[program]:
        pytest.importorskip(package, reason=f"{package} is not installed: its recipe was not run")
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT.partition("## Programs that lose")[2], re.DOTALL | re.MULTILINE)
    wanted = next(place for place, block in enumerate(blocks) if program in block)
    first = 0 if program == "ObjectStoreRegistry" else wanted  # it uses the imports of the block before it
    names = {"href": requests.get(f"{api}/{ITEM}", timeout=60).json()["assets"]["red"]["href"]}
    exec("".join(blocks[first : wanted + 1]), names)  # the page's own words
    assert capsys.readouterr().out.rstrip().endswith(r"b'II*\x00'")
