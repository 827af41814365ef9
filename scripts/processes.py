"""Runs the commands of the set-up so that none outlives it, and so that a long one shows that it is working.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType
    from typing import NoReturn

INTERVAL = 15.0
"""Seconds without a line after which a command that still runs is reported."""

TIMEOUT = 900.0
"""Seconds that a command may take; a slow machine needs two minutes for the longest."""

GRACE = 1.0
"""Seconds between SIGTERM and SIGKILL; npm takes its time over the first, and has nothing to lose."""

_TAIL = 40
"""Lines of a failed command's output that are worth showing."""

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failed(Exception):
    """A command failed; its output was printed to stderr. The text is a sentence."""


class TimedOut(Failed):
    """A command was stopped because it took too long."""


def exit_on_signals() -> None:
    """Turn SIGINT, SIGTERM and SIGHUP into SystemExit, so that what is running is ended on the way out."""
    for number in _heeded():
        signal.signal(number, _exit)


def _heeded() -> list[int]:
    """The signals to stop that this process does not ignore, as it does SIGHUP under nohup."""
    return [number for number in _STOPS if signal.getsignal(number) is not signal.SIG_IGN]


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    for each in _STOPS:  # a second Ctrl-C must not interrupt the cleaning up
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def end_with(pid: int, poll: float = 0.5) -> None:
    """Send SIGTERM to this process when another one has ended, however it ended. Returns at once."""

    def watch() -> None:
        while is_alive(pid):
            time.sleep(poll)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def is_alive(pid: int) -> bool:
    """Whether a process of this user runs."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def group(command: Sequence[str | Path], grace: float = GRACE, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command in a process group of its own; on any exception, SIGTERM and then SIGKILL the whole group.

    ``grace`` is for a command that in its turn has groups to end.
    """
    process = None
    try:
        with _signals_deferred():
            process = subprocess.Popen(command, start_new_session=True, **options)  # type: ignore[call-overload]
        yield process
    except BaseException:
        if process:
            _end(process, grace)
        raise
    finally:
        if process:
            with process:  # waits for it, and closes its pipe
                pass


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Deliver signals at the end of the block. One that raises within Popen would leave a process nobody knows."""
    received: list[int] = []
    handlers = {number: signal.signal(number, lambda arrived, _frame: received.append(arrived)) for number in _heeded()}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for number in received:
            signal.raise_signal(number)


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
        # the leader has ended, its children may have ignored the signal
        os.killpg(process.pid, signal.SIGKILL)


def run(
    command: Sequence[str | Path],
    label: str,
    *,
    shown: Callable[[str], str | None] = lambda _line: None,
    interval: float = INTERVAL,
    timeout: float = TIMEOUT,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a command, printing what it is for, what ``shown`` makes of its lines, and how long it has been silent.

    Raises Failed.
    """
    _print(f"{label} …")
    output: list[str] = []
    started = printed = time.monotonic()
    try:
        with group(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd, env=env
        ) as process:
            assert process.stdout is not None
            for line in _lines(process.stdout, interval, started + timeout):
                text = None if line is None else shown(line)
                if line is not None:
                    output.append(line)
                now = time.monotonic()
                if text is None and now - printed >= interval:
                    text = f"{label} … {now - started:.0f} s"
                if text is not None:
                    _print(text)
                    printed = now
    except TimeoutError:
        raise TimedOut(f"{label}: stopped, because it did not end within {timeout:g} seconds.") from None
    except OSError as fault:
        raise Failed(f"{label}: {command[0]} cannot be started ({fault.strerror}).") from None
    if process.returncode:
        print(*output[-_TAIL:], sep="\n", file=sys.stderr, flush=True)
        raise Failed(f"{label}: {command[0]} failed with exit code {process.returncode}.")


def _lines(stream: IO[bytes], interval: float, deadline: float) -> Iterator[str | None]:
    """Each line as it arrives, and None after each interval without one. Raises TimeoutError at the deadline."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(min(interval, left)):
                yield None
                continue
            data = os.read(stream.fileno(), 65536)
            if not data:
                if rest:
                    yield rest.decode(errors="replace")
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace").rstrip()
    raise TimeoutError


def _print(text: str) -> None:
    print(text, flush=True)
