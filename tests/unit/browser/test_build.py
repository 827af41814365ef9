"""The build of the browser: a step that fails is a sentence, and a build that is under way can be seen and awaited."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from stac_bridge.api.routes.browser import is_expected

SCRIPT = Path(__file__).resolve().parents[3] / "browser" / "build.py"


@pytest.fixture
def build(tmp_path: Path) -> ModuleType:
    """The script, which builds into a folder of the test's own."""
    spec = importlib.util.spec_from_file_location("browser_build", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.TARGET = tmp_path / "browser"  # type: ignore[attr-defined]
    module.BUILDING = module.TARGET / "building.txt"  # type: ignore[attr-defined]
    return module


def fail(build: ModuleType, code: str, **more: object) -> str:
    with build.under_way(), pytest.raises(build.Missing) as failed:
        build.step([sys.executable, "-c", code], "", "fetching", "npm could not fetch its packages.", **more)
    return str(failed.value)


def test_a_step_that_fails_says_what_it_was_for(build: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(build, "print('E404'); raise SystemExit(1)") == "npm could not fetch its packages."
    assert "E404" in capsys.readouterr().err, "who built it sees why"


@pytest.mark.slow
def test_a_step_that_does_not_end_is_stopped_with_all_that_it_started(build: ModuleType) -> None:
    begun = time.monotonic()
    # the child holds the output open: were it left alone, there would be no end to wait for
    code = f"import subprocess; subprocess.run([{sys.executable!r}, '-c', 'import time; time.sleep(60)'])"
    message = fail(build, code, timeout=1)
    assert message == "npm could not fetch its packages. It did not end within 1 seconds, and was stopped."
    assert time.monotonic() - begun < 20


def test_a_build_is_expected_to_end_with_a_browser_only_while_it_runs(build: ModuleType) -> None:
    assert not is_expected(build.TARGET)
    with build.under_way():
        assert is_expected(build.TARGET)
    assert not is_expected(build.TARGET)


def test_of_a_build_that_was_killed_nothing_is_expected(build: ModuleType) -> None:
    code = (
        "import fcntl, sys; file = open(sys.argv[1], 'a'); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); input()"
    )
    build.TARGET.mkdir()
    command = [sys.executable, "-c", code, str(build.BUILDING)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert is_expected(build.TARGET)
        other.kill()
    assert build.BUILDING.exists()
    assert not is_expected(build.TARGET)


def test_a_second_build_waits_and_takes_what_the_first_one_made(
    build: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = threading.Event()

    class Told:
        """Its ``write`` is how the second build tells that it waits."""

        def write(self, _text: str) -> int:
            waiting.set()
            return 0

        def flush(self) -> None:
            """Nothing is kept back."""

    waited = []

    def second() -> None:
        with build.under_way() as after_another:
            waited.append(after_another)

    with build.under_way() as after_another, pytest.MonkeyPatch.context() as patch:
        assert not after_another
        patch.setattr(sys, "stdout", Told())
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(20)
        assert waited == []
    thread.join(20)
    assert waited == [True]


def test_a_build_removes_what_an_earlier_one_left(build: ModuleType) -> None:
    with build.under_way():
        (build.TARGET / "js").mkdir()
        (build.TARGET / "missing.txt").write_text("No npm.\n")
        build.clear()
        assert [path.name for path in build.TARGET.iterdir()] == ["building.txt"]
