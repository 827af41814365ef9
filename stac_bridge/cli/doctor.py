"""``stac-bridge doctor``: what keeps a server from serving, in sentences."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic_core import ValidationError

from stac_bridge.cli.exit_codes import told
from stac_bridge.cli.log import Redactor, secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stac_bridge.cli.checks import Finding

__all__ = ["doctor"]

_SIGNS = {"ok": ("✓", "green"), "wrong": ("✗", "red"), "skipped": ("–", "yellow")}
"""On a terminal; elsewhere words, which can be searched for and written in any encoding."""


def doctor(
    live: Annotated[
        bool, typer.Option("--live", help="Ask M2M, too: clock, login, role, a search, a file's first bytes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document in place of lines.")] = False,
) -> None:
    """Check the settings, the mappings, the data folder and the store, and say what is wrong.

    Without --live nothing is asked of M2M. With it, and without an account, the embedded sandbox is asked.

    Leaves with 0 where all is well, with 1 where something is wrong.
    """
    from stac_bridge.cli.checks import State

    findings = []
    for finding in _findings(live):
        findings.append(finding)
        if not as_json:
            _show(finding)
    well = all(one.state is not State.wrong for one in findings)
    if as_json:
        checks = [{"check": one.name, "state": one.state.value, "said": one.said} for one in findings]
        typer.echo(json.dumps({"ok": well, "checks": checks}, indent=2, ensure_ascii=False))
    raise typer.Exit(0 if well else 1)


def _findings(live: bool) -> Iterator[Finding]:
    """One after the other, as they are found; what is secret stands in none."""
    from dataclasses import replace

    from stac_bridge.cli.checks import Finding, State, at_rest
    from stac_bridge.cli.live_checks import in_life
    from stac_bridge.settings import Settings

    try:
        settings = Settings()
    except ValidationError as invalid:
        yield from (Finding("settings", State.wrong, f"{told(one)}.") for one in invalid.errors())
        return
    yield Finding("settings", State.ok, "All STAC_BRIDGE_* variables can be read.")
    redact, wrong = Redactor(secrets_of(settings)), False
    for finding in at_rest(settings):
        wrong = wrong or finding.state is State.wrong
        yield replace(finding, said=redact(finding.said))
    if live and not wrong:
        for finding in in_life(settings):
            yield replace(finding, said=redact(finding.said))
    elif live:
        yield Finding("live", State.skipped, "M2M is not asked before all of the above is well.")


def _show(finding: Finding) -> None:
    sign, colour = _SIGNS[finding.state]
    mark = typer.style(sign, fg=colour) if sys.stdout.isatty() else f"{finding.state:7}"
    typer.echo(f"{mark} {finding.name}: {finding.said}")
