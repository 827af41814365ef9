"""Every block of code on a page of docs/ is run: by a test of the page's own, or here, or its page says why not.

A comment ``<!-- not run: why -->`` above a block tells why.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from stac_bridge.settings import Settings
from tests.docs.commands_page import commands
from tests.docs.shell import PAGES, ROOT, run_blocks

BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^\n]*)-->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)

OWN = {
    "assets.md": ("tests/docs/test_assets_page.py", {"text", "sh", "python"}),
    "cli.md": ("tests/docs/test_cli_page.py", {"text", "sh", "python"}),
    "download.md": ("tests/docs/test_download_page.py", {"text", "sh", "python"}),
    "ecosystem.md": ("tests/docs/test_ecosystem_page.py", {"text", "sh", "python", "r"}),
    "operations.md": ("tests/docs/test_operations.py", {"json", "promql", "console"}),
    "pictures.md": ("tests/docs/test_pictures_page.py", {"sh", "python"}),
    "sandbox.md": ("tests/e2e/test_sandbox_page.py", {"text", "sh", "json"}),
    "searching.md": ("tests/docs/test_search_page.py", {"http"}),
    "signing.md": ("tests/docs/test_signing_page.py", {"python"}),
}
"""The languages of a page whose blocks a test of its own runs."""


def blocks(page: Path) -> list[tuple[str, str]]:
    """Those to be run here."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    _test, elsewhere = OWN.get(page.name, ("", set()))
    return [(one["language"], one["text"]) for one in found if not one["why"] and one["language"] not in elsewhere]


# the first pages that people run are the ones that `make test` runs, too
FIRST = ("quickstart.md",)
HERE = [
    pytest.param(page, marks=[] if page.name in FIRST else [pytest.mark.long], id=page.name)
    for page in PAGES
    if blocks(page)
]


@pytest.mark.parametrize("page", HERE)
def test_every_block_of_a_page_runs_and_prints_what_it_shows(page: Path, api: str, tmp_path: Path) -> None:
    for language, program in (("js", "node"), ("sh", "curl")):
        if any(one == language for one, _text in blocks(page)) and shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: the blocks of docs/{page.name} were not run")
    run_blocks(blocks(page), api, tmp_path)


@pytest.mark.parametrize("page", OWN)
def test_a_page_with_a_test_of_its_own_is_read_by_it(page: str) -> None:
    test, languages = OWN[page]
    said = (ROOT / test).read_text(encoding="utf-8")
    assert page in said or "commands_page import PAGE" in said
    shown = BLOCK.finditer((ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert languages <= {one["language"] for one in shown}, "there are no such blocks any more"


def test_what_is_not_run_says_why() -> None:
    for page in PAGES:
        for one in BLOCK.finditer(page.read_text(encoding="utf-8")):
            assert one["why"] is None or len(one["why"].split()) > 3, (page.name, one["text"])


def test_no_code_hides_in_a_block_without_a_language() -> None:
    for page in PAGES:
        said = page.read_text(encoding="utf-8")
        known = len(BLOCK.findall(said)) + said.count("```{toctree}") + said.count("```{include}")
        pictures = {"architecture.md": 3}.get(page.name, 0)
        assert len(re.findall(r"^\s*```", said, re.MULTILINE)) == 2 * (known + pictures), page.name


def test_every_setting_and_command_that_a_page_names_is_one() -> None:
    settings = {f"STAC_BRIDGE_{name.upper()}" for name in Settings.model_fields}
    groups = {name for name, _command in commands()} | {name.partition(" ")[0] for name, _command in commands()}
    for page in PAGES:
        said = page.read_text(encoding="utf-8")
        assert set(re.findall(r"STAC_BRIDGE_[A-Z0-9_]*[A-Z0-9]", said)) <= settings, page.name
        for words in re.findall(r"`stac-bridge ([a-z]+)\b", said):
            assert words in groups, (page.name, words)
