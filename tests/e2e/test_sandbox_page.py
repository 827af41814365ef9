"""What docs/sandbox.md shows is what happens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from m2m_sandbox.api.endpoints import ENDPOINTS
from m2m_sandbox.faults.kinds import Fault
from tests.serving import started

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
KINDS = {get_args(one.model_fields["kind"].annotation)[0]: one for one in get_args(get_args(Fault)[0])}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: the page's examples were not run")
def test_every_example_says_what_the_page_says(tmp_path: Path) -> None:
    (_sh, start), *examples = BLOCKS
    assert start.startswith("stac-bridge sandbox --faults")
    with started("sandbox", tmp_path, "--faults") as (address, _log):
        for (language, commands), (_other, shown) in zip(examples[::2], examples[1::2], strict=True):
            assert language == "sh"
            environment = {**os.environ, "SANDBOX": address}
            ran = subprocess.run(["sh", "-c", commands], env=environment, capture_output=True, check=True)
            assert _squeezed(ran.stdout.decode()) == _squeezed(shown)


def _squeezed(said: str) -> str:
    """Without blanks: M2M ends no answer with a line break."""
    return "".join(said.split())


def test_the_page_lists_every_kind_of_fault_with_its_keys() -> None:
    table = PAGE.partition("Each kind has its own keys")[2].partition("\n\nIf you")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \|(.*?)\| .* \|$", table, re.MULTILINE))
    shared = {"kind", "on", "times", "skip", "rate", "seed"}
    assert {kind: set(re.findall(r"`(\w+)`", keys)) for kind, keys in rows.items()} == {
        kind: set(model.model_fields) - shared for kind, model in KINDS.items()
    }


def test_the_help_of_the_command_names_every_kind_of_fault() -> None:
    from stac_bridge.cli.commands.sandbox import sandbox

    assert set(KINDS) <= set(re.findall(r"[\w-]+", str(sandbox.__doc__)))


def test_the_page_passes_over_no_download_endpoint() -> None:
    named = " ".join(re.findall(r"[\w-]+", PAGE))
    for endpoint in ENDPOINTS:
        if endpoint.startswith("download-"):
            assert endpoint in named or endpoint.removeprefix("download") in named, endpoint
