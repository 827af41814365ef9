"""What the README says is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stac_bridge.mapping import load_mappings
from stac_bridge.mapping.yaml_files import read_rows
from stac_bridge.settings import Settings
from tests.docs.settings_table import PAGE, README, told, written
from tests.serving import started

TEXT = README.read_text(encoding="utf-8")
ROOT = README.parent


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [README, PAGE], ids=lambda page: page.name)
def test_the_table_of_settings_is_the_codes(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert written(text) == text, "run python -m tests.docs.settings_table"


def test_the_page_of_settings_has_each_in_one_place() -> None:
    assert sorted(told(PAGE.read_text(encoding="utf-8"))) == sorted(Settings.model_fields)


def test_serving_prints_what_the_readme_shows(tmp_path: Path) -> None:
    with started("serve", tmp_path) as (address, log):
        said = log.read_text().replace(address, "http://127.0.0.1:8000")
    command, *lines = blocks("console")[0].splitlines()
    assert command == "$ make serve"
    for line in lines:
        assert line in said


def test_the_example_prints_what_the_readme_shows(api: str, tmp_path: Path) -> None:
    command, *lines = blocks("console")[1].splitlines()
    _python, example, _option, _address = command.removeprefix("$ ").split()
    ran = subprocess.run(
        [sys.executable, str(ROOT / example), "--api", api], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    for line in lines:
        assert line in ran.stdout.splitlines()
    assert (tmp_path / "ndvi.png").read_bytes().startswith(b"\x89PNG")
    assert ran.stderr == ""


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_in_the_readme_runs(block: str, api: str) -> None:
    names: dict[str, object] = {}
    exec(block.replace("http://127.0.0.1:8000", api), names)  # the README's own words
    pixels = names["pixels"]
    assert {"red", "nir08"} <= set(pixels)  # type: ignore[call-overload]


def test_the_rows_in_the_readme_are_the_shipped_mappings() -> None:
    (shown,) = (yaml.safe_load(block) for block in blocks("yaml"))
    folder = ROOT / "mappings"
    shipped = read_rows(folder / f"{shown['dataset']}.yaml", lambda family: folder / f"{family}.yaml").tables
    assert shown["dataset"] in load_mappings().by_dataset
    for table in ("item", "properties"):
        for name, row in shown[table].items():
            assert shipped[table][name] == row
    for key, row in shown["assets"].items():
        assert row.items() <= shipped["assets"][key].items()


def test_every_file_that_the_readme_leads_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / target).exists(), target
