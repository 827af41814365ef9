"""How soon a command is there."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("fastapi", "numpy", "pydantic", "pyproj", "redis", "shapely", "stac_bridge.api", "m2m_sandbox")


def test_commands_begin_without_what_only_a_server_needs() -> None:
    said = f"import stac_bridge.cli, sys; print([one for one in {HEAVY!r} if one in sys.modules])"
    told = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
