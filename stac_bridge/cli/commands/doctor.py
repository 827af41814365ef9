"""``stac-bridge doctor``: checks the configuration and explains what is wrong."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic_core import ValidationError

from stac_bridge.cli.exit_codes import setting_error
from stac_bridge.cli.output.log import Redactor, secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stac_bridge.cli.checks.local import CheckResult

_MARKS = {"ok": ("✓", "green"), "wrong": ("✗", "red"), "skipped": ("–", "yellow")}
"""For terminals. Elsewhere the state's name, which can be searched for and written in any encoding."""


def doctor(
    live: Annotated[
        bool, typer.Option("--live", help="Also check M2M: clock, login, role, a search, a file's first bytes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of lines.")] = False,
) -> None:
    """Check the settings, the mappings, the data folder and the store, and report problems.

    Without --live, M2M is not called. With it but without an account, the checks run on the embedded sandbox.

    Exits with 0 if everything is in order, with 1 if there is a problem.
    """
    from stac_bridge.cli.checks.local import State

    results = []
    for result in _run_checks(live):
        results.append(result)
        if not as_json:
            _print(result)
    ok = all(result.state is not State.wrong for result in results)
    if as_json:
        checks = [{"check": result.name, "state": result.state.value, "said": result.text} for result in results]
        typer.echo(json.dumps({"ok": ok, "checks": checks}, indent=2, ensure_ascii=False))
    raise typer.Exit(0 if ok else 1)


def _run_checks(live: bool) -> Iterator[CheckResult]:
    """Runs the checks one after the other, yielding each result at once, without secrets."""
    from dataclasses import replace

    from stac_bridge.cli.checks.live import live_checks
    from stac_bridge.cli.checks.local import CheckResult, State, local_checks
    from stac_bridge.settings import Settings

    try:
        settings = Settings()
    except ValidationError as invalid:
        yield from (CheckResult("settings", State.wrong, f"{setting_error(error)}.") for error in invalid.errors())
        return
    yield CheckResult("settings", State.ok, "All STAC_BRIDGE_* variables are valid.")
    redact, failed = Redactor(secrets_of(settings)), False
    for result in local_checks(settings):
        failed = failed or result.state is State.wrong
        yield replace(result, text=redact(result.text))
    if live and not failed:
        for result in live_checks(settings):
            yield replace(result, text=redact(result.text))
    elif live:
        yield CheckResult("live", State.skipped, "M2M is only checked once all of the above is in order.")


def _print(result: CheckResult) -> None:
    sign, color = _MARKS[result.state]
    mark = typer.style(sign, fg=color) if sys.stdout.isatty() else f"{result.state:7}"
    typer.echo(f"{mark} {result.name}: {result.text}")
