"""The exit codes of the commands, and how errors become one sentence on stderr."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec

import typer
from pydantic_core import ValidationError  # not from pydantic, whose import is slow

from stac_bridge.errors import BadRequest, BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

P = ParamSpec("P")

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

CODES = {
    DONE: "success; a search without a match is one, too",
    FAILED: "not found, incomplete, or the server failed or cannot be reached",
    USAGE: "invalid option, file or setting; nothing was done",
    INTERRUPTED: "interrupted; run a download again to continue it",
}
"""The meaning of each exit code."""


def exits(command: Callable[P, int]) -> Callable[P, None]:
    """Decorates a command: it exits with the code it returns, and prints expected errors as one sentence."""

    @functools.wraps(command)
    def run(*args: P.args, **options: P.kwargs) -> None:
        try:
            code = command(*args, **options)
        except ValidationError as invalid:
            code = _fail("; ".join(setting_error(error) for error in invalid.errors()), USAGE)
        except BadRequest as error:
            code = _fail(str(error), USAGE)
        except BridgeError as error:
            code = _fail(str(error), FAILED)
        except KeyboardInterrupt:
            code = _fail("Interrupted.", INTERRUPTED)
        raise typer.Exit(code)

    return run


def _fail(reason: str, code: int) -> int:
    note(reason)
    return code


def setting_error(error: ErrorDetails) -> str:
    """Names the environment variable of an invalid setting, and the reason."""
    return f"STAC_BRIDGE_{'.'.join(str(part) for part in error['loc']).upper()}: {error['msg']}"


def note(sentence: str) -> None:
    """Prints a sentence to stderr, so that stdout has only the command's output."""
    typer.echo(f"stac-bridge: {sentence}", err=True)
