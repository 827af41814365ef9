"""Blocks of a page's code, run as a reader would: in a shell that finds ``stac-bridge``, on a server that runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
"""Every page of the documentation, those in subfolders included."""

HERE = "http://127.0.0.1:8000"
"""Where a page's server is; a block is run with the address of the one that runs in its place."""


def run_blocks(blocks: list[tuple[str, str]], api: str, folder: Path) -> str:
    """Run each ``sh``, ``python`` and ``js`` block; what a shell exports lasts to the next. What the last printed.

    A ``text`` or ``json`` block is what the one before printed; in text, ``…`` stands for anything. A ``yaml`` block
    is the file that its first line names.
    """
    shim = folder / "bin" / "stac-bridge"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from stac_bridge.cli import app; app()" "$@"\n')
    shim.chmod(0o755)
    exports = folder / "bin" / "exports"
    exports.touch()
    path = f"{shim.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    settings = {"STAC_BRIDGE_API": api, "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "PATH": path}
    settings["STAC_BRIDGE_DATA_DIR"] = str(folder / "data")
    said = ""
    for language, text in blocks:
        shown = text.replace(HERE, api)
        if language == "text":
            assert _alike(said, shown), f"{said}\nis not\n{shown}"
        elif language == "json":
            assert json.loads(said) == json.loads(shown)
        elif language == "yaml":
            (folder / re.findall(r"^# (\S+\.yaml)$", text, re.MULTILINE)[0]).write_text(text, encoding="utf-8")
        else:
            said = _ran(_command(language, shown, exports), folder, {**os.environ, **settings})
    return said


def _command(language: str, text: str, exports: Path) -> list[str]:
    if language == "sh":
        return ["sh", "-ec", f". {exports}\n{text}\nexport -p > {exports}"]
    return {"python": [sys.executable, "-c", text], "js": ["node", "--input-type=module", "--eval", text]}[language]


def _ran(command: list[str], folder: Path, environment: dict[str, Any]) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())


def _alike(said: str, shown: str) -> bool:
    return re.fullmatch(re.escape(shown).replace("…", ".*"), said, re.DOTALL) is not None
