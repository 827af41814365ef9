"""The examples with pictures, run as the notebooks that they are too: each shows what its page says it does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nbclient
import nbformat
import numpy as np
import pytest
from PIL import Image

from tests.docs.notebooks import EXAMPLES, NAMES, made
from tests.docs.shell import ROOT

pytestmark = pytest.mark.long

LARGEST = 300_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebooks leave their pictures."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def kernel(api: str, folder: Path) -> Iterator[nbclient.NotebookClient]:
    """One for all notebooks, which saves importing anew what each of them imports."""
    environment = {
        **os.environ,
        "STAC_BRIDGE_API": api,
        "PYTHONPATH": os.pathsep.join([str(EXAMPLES), str(ROOT)]),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
    }
    client = nbclient.NotebookClient(nbformat.v4.new_notebook(), timeout=110)
    with client.setup_kernel(cwd=str(folder), env=environment):
        yield client


def run(name: str, kernel: nbclient.NotebookClient, folder: Path, **asked: str) -> dict[str, Any]:
    """What expressions are worth after the last cell of a notebook, which has left its picture in the folder."""
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    said = ", ".join(f"{key}={expression}" for key, expression in asked.items())
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json; print(json.dumps(dict({said})))"))
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    kernel.nb = notebook
    kernel.reset_execution_trackers()
    for number, cell in enumerate(notebook.cells):
        kernel.execute_cell(cell, number)
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    assert [out["text"] for out in outputs if out.get("name") == "stderr"] == []
    assert_shown(folder / f"{name}.png")
    told: dict[str, Any] = json.loads(outputs[-1]["text"])
    return told


def assert_shown(picture: Path) -> None:
    """It is small, not blank, and the one that the docs show."""
    shown = ROOT / "docs" / "pictures" / picture.name
    assert picture.stat().st_size < LARGEST
    assert shown.stat().st_size < LARGEST
    with Image.open(picture) as new, Image.open(shown) as old:
        assert new.size == old.size
        assert 1200 <= new.width <= 1600
        pixels, before = (np.asarray(one.convert("L").reduce(4), float) for one in (new, old))
    assert pixels.std() > 20
    # another machine may have other fonts
    assert np.abs(pixels - before).mean() < 6, f"run python examples/{picture.stem}.py --out {shown}"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_its_script(name: str) -> None:
    written = (EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8")
    assert written == made(name), "run python -m tests.docs.notebooks"


def test_fields_are_green_in_their_season_and_what_is_cloudy_has_no_number(
    kernel: nbclient.NotebookClient, folder: Path
) -> None:
    of_month = "{name: [None if v != v else v for v in line.values.tolist()] for name, (line, _at) in lines.items()}"
    told = run("seasons", kernel, folder, lines=of_month, clear="ndvi.notnull().mean(('x', 'y')).values.tolist()")
    wood, spring, summer = told["lines"].values()
    january, april, may, august, december = 0, 3, 4, 7, 11
    assert spring[may] > spring[august] + 0.4
    assert summer[august] > summer[may] + 0.4
    assert wood[august] > wood[january] + 0.4
    assert wood[april] is None
    assert spring[december] is None
    assert told["clear"][january] > 0.99 > 0.8 > told["clear"][april]


def test_the_median_has_fewer_cloudy_pixels_than_its_scenes(kernel: nbclient.NotebookClient, folder: Path) -> None:
    told = run(
        "cloud_free",
        kernel,
        folder,
        items="len(items)",
        cloudy="cloudy.values.tolist()",
        left="float((looks == 0).mean())",
        bright="[float((picture > 0.35).mean()) for picture in (one.reflectance, median)]",
    )
    assert told["items"] == 8
    assert min(told["cloudy"]) > 0.1
    assert told["left"] < 0.01
    single, median = told["bright"]
    assert single > 0.2 > 0.001 > median, "clouds are bright, the land is not"


def test_snow_lies_before_and_not_after(kernel: nbclient.NotebookClient, folder: Path) -> None:
    told = run(
        "before_after", kernel, folder, snow="[one[2] for one in seen]", warm="[float(one[1].median()) for one in seen]"
    )
    before, after = told["snow"]
    assert before > 0.3 > 0.01 > after
    cold, warm = told["warm"]
    assert -15 < cold < 5 < 15 < warm < 40


def test_the_years_are_those_that_searches_count(api: str, kernel: nbclient.NotebookClient, folder: Path) -> None:
    told = run("by_year", kernel, folder, counts="counts", box="BOX", drawn="list(held)")

    def matched(collection: str, **more: str) -> int:
        asked = {"collections": [collection], "bbox": told["box"], "limit": 1000, **more}
        return int(httpx.post(f"{api}/search", json=asked, timeout=60).json()["numberMatched"])

    counts = told["counts"]
    assert told["drawn"] == [collection for collection in counts if counts[collection]]
    assert {"aerial_combin", "declassiii", "landsat_tm_c2_l1", "landsat_ot_c2_l1"} <= set(told["drawn"])
    for collection in counts:
        assert matched(collection) == sum(counts[collection].values())
    for collection, year in (("landsat_tm_c2_l1", "1988"), ("landsat_ot_c2_l1", "2024")):
        whole = f"{year}-01-01T00:00:00Z/{year}-12-31T23:59:59Z"
        assert matched(collection, datetime=whole) == counts[collection][year] > 10
