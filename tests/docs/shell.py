"""Blocks of a page's code, run as a reader would: in a shell that finds ``stac-bridge``, on a server that runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_blocks(blocks: list[tuple[str, str]], api: str, folder: Path) -> str:
    """Run each ``sh`` and ``python`` block; a ``text`` block is what the one before printed. What the last printed."""
    shim = folder / "bin" / "stac-bridge"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from stac_bridge.cli import app; app()" "$@"\n')
    shim.chmod(0o755)
    path = f"{shim.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    settings = {"STAC_BRIDGE_API": api, "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PATH": path}
    said = ""
    for language, text in blocks:
        if language == "text":
            assert said == text
            continue
        command = ["sh", "-ec", text] if language == "sh" else [sys.executable, "-c", text]
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=folder, env={**os.environ, **settings}
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        said = "".join(f"{line.rstrip()}\n" for line in ran.stdout.splitlines())
    return said
