"""A command of the set-up shows that it is working, shows its output if it fails, and ends with all it started."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pytest

from scripts.processes import Failed, TimedOut, group, is_alive, run

pytestmark = pytest.mark.slow


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_of_its_lines_those_that_are_to_be_shown_are(capsys: pytest.CaptureFixture[str]) -> None:
    run(python("print('one'); print('two')"), "Counting", shown=lambda line: f"  {line}" if line == "two" else None)
    assert capsys.readouterr().out == "Counting …\n  two\n"


def test_a_silent_command_is_reported_until_it_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TimedOut, match=r"did not end within 0\.5 seconds"):
        run(python("import time; time.sleep(600)"), "Waiting", interval=0.1, timeout=0.5)
    assert "Waiting … 0 s\n" in capsys.readouterr().out


def test_a_command_that_fails_shows_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Failed, match="exit code 3"):
        run(python("import sys; print('E404'); sys.exit(3)"), "Fetching")
    assert capsys.readouterr().err == "E404\n"


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(Failed, match=r"no-such-program cannot be started \(No such file"):
        run(["no-such-program"], "Trying")


def test_what_does_not_listen_to_sigterm_is_killed_with_its_children() -> None:
    deaf = "trap '' TERM; sleep 600 & echo running; wait"
    reader, writer = os.pipe()
    with os.fdopen(reader) as pipe:
        with contextlib.suppress(KeyboardInterrupt), group(["sh", "-c", deaf], grace=0.1, stdout=writer):
            os.close(writer)
            assert pipe.readline() == "running\n"
            raise KeyboardInterrupt
        assert pipe.read() == "", "neither holds the pipe any more"


def test_a_process_that_has_ended_is_not_alive() -> None:
    with subprocess.Popen(python("input()"), stdin=subprocess.PIPE) as process:
        assert is_alive(process.pid)
        process.communicate(b"\n")
    assert not is_alive(process.pid)
