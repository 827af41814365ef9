"""A step of the browser's build that fails, or never ends, is told in a sentence."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "browser" / "build.py"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("browser_build", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def step(build: ModuleType, code: str, **more: object) -> str:
    with pytest.raises(build.Missing) as failed:
        build.run([sys.executable, "-c", code], "", "npm could not fetch its packages.", **more)
    return str(failed.value)


def test_a_step_that_fails_says_what_it_was_for(build: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert step(build, "print('E404'); raise SystemExit(1)") == "npm could not fetch its packages."
    assert "E404" in capsys.readouterr().err, "who built it sees why"


def test_a_step_that_does_not_end_is_stopped_with_all_that_it_started(build: ModuleType) -> None:
    begun = time.monotonic()
    # the child holds the output open: were it left alone, there would be no end to wait for
    code = f"import subprocess; subprocess.run([{sys.executable!r}, '-c', 'import time; time.sleep(60)'])"
    said = step(build, code, patience=1)
    assert said == "npm could not fetch its packages. It had not ended after 1 seconds, and was stopped."
    assert time.monotonic() - begun < 20
