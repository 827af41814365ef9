"""How a command ends: its exit code, and in a sentence what went wrong."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec

import typer
from pydantic_core import ValidationError  # pydantic's own, without the rest of it

from stac_bridge.errors import BadRequest, BridgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

__all__ = ["CODES", "DONE", "FAILED", "INTERRUPTED", "UNASKABLE", "leaves", "note", "told"]

P = ParamSpec("P")

DONE, FAILED, UNASKABLE, INTERRUPTED = 0, 1, 2, 130

CODES = {
    DONE: "it is done, or answered; that nothing matches is an answer, too",
    FAILED: "what was named is not there, files are missing, or the server failed or cannot be reached",
    UNASKABLE: "it cannot begin as asked: an option, a file or a setting is wrong",
    INTERRUPTED: "interrupted; a download goes on from there when it is run again",
}
"""What each exit code says."""


def leaves(command: Callable[P, int]) -> Callable[P, None]:
    """``command`` with the number that it returns as exit code, and errors of ours as a sentence on stderr."""

    @functools.wraps(command)
    def run(*args: P.args, **options: P.kwargs) -> None:
        try:
            code = command(*args, **options)
        except ValidationError as invalid:
            code = _said("; ".join(told(one) for one in invalid.errors()), UNASKABLE)
        except BadRequest as wrong:
            code = _said(str(wrong), UNASKABLE)
        except BridgeError as wrong:
            code = _said(str(wrong), FAILED)
        except KeyboardInterrupt:
            code = _said("Interrupted.", INTERRUPTED)
        raise typer.Exit(code)

    return run


def _said(why: str, code: int) -> int:
    note(why)
    return code


def told(error: ErrorDetails) -> str:
    """A setting that cannot be read, by its variable."""
    return f"STAC_BRIDGE_{'.'.join(str(part) for part in error['loc']).upper()}: {error['msg']}"


def note(sentence: str) -> None:
    """A sentence beside the answer: on stderr, so that stdout stays the answer alone."""
    typer.echo(f"stac-bridge: {sentence}", err=True)
