"""The imports of the command line, which decide how fast a command starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("fastapi", "numpy", "pydantic", "pyproj", "redis", "shapely", "stac_bridge.api", "m2m_sandbox")


@pytest.mark.slow
def test_importing_the_commands_imports_nothing_that_only_a_server_needs() -> None:
    code = f"import stac_bridge.cli, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"
