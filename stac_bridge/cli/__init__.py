"""The command ``stac-bridge``."""

from __future__ import annotations

from typing import Annotated

import typer

from stac_bridge import __version__
from stac_bridge.cli import collections, mappings
from stac_bridge.cli.doctor import doctor
from stac_bridge.cli.download import download
from stac_bridge.cli.examples import epilog
from stac_bridge.cli.exit_codes import CODES
from stac_bridge.cli.explain import explain
from stac_bridge.cli.item import item
from stac_bridge.cli.repeats import App
from stac_bridge.cli.sandbox import sandbox
from stac_bridge.cli.search import search
from stac_bridge.cli.serve import serve

__all__ = ["app"]

app = App(
    name="stac-bridge",
    help="A live STAC API over the USGS/EROS Machine-to-Machine archive.",
    epilog=f"**Exit codes**\n\n{chr(10).join(f'- {code}: {says}' for code, says in CODES.items())}",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)
_ASK, _SERVE = "Ask a STAC API", "Serve one"
app.command(epilog=epilog("search"), rich_help_panel=_ASK)(search)
app.command(epilog=epilog("item"), rich_help_panel=_ASK)(item)
app.command(epilog=epilog("download"), rich_help_panel=_ASK)(download)
app.command(epilog=epilog("explain"), rich_help_panel=_ASK)(explain)
app.add_typer(collections.app, name="collections", rich_help_panel=_ASK)
app.command(epilog=epilog("serve"), rich_help_panel=_SERVE)(serve)
app.command(epilog=epilog("sandbox"), rich_help_panel=_SERVE)(sandbox)
app.command(epilog=epilog("doctor"), rich_help_panel=_SERVE)(doctor)
app.add_typer(mappings.app, name="mappings", rich_help_panel=_SERVE)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"stac-bridge {__version__}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """A live STAC API over the USGS/EROS Machine-to-Machine archive."""
