"""The command ``stac-bridge``."""

from __future__ import annotations

from typing import Annotated

import typer

from stac_bridge import __version__
from stac_bridge.cli.commands import collections, mappings
from stac_bridge.cli.commands.doctor import doctor
from stac_bridge.cli.commands.download import download
from stac_bridge.cli.commands.explain import explain
from stac_bridge.cli.commands.item import item
from stac_bridge.cli.commands.sandbox import sandbox
from stac_bridge.cli.commands.search import search
from stac_bridge.cli.commands.serve import serve
from stac_bridge.cli.examples import epilog
from stac_bridge.cli.exit_codes import CODES
from stac_bridge.cli.repeated_options import App

__all__ = ["app"]

app = App(
    name="stac-bridge",
    help="A live STAC API over the USGS/EROS Machine-to-Machine archive.",
    epilog=f"**Exit codes**\n\n{chr(10).join(f'- {code}: {meaning}' for code, meaning in CODES.items())}",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)
_CLIENT, _SERVER = "Use a STAC API", "Run a server"
app.command(epilog=epilog("search"), rich_help_panel=_CLIENT)(search)
app.command(epilog=epilog("item"), rich_help_panel=_CLIENT)(item)
app.command(epilog=epilog("download"), rich_help_panel=_CLIENT)(download)
app.command(epilog=epilog("explain"), rich_help_panel=_CLIENT)(explain)
app.add_typer(collections.app, name="collections", rich_help_panel=_CLIENT)
app.command(epilog=epilog("serve"), rich_help_panel=_SERVER)(serve)
app.command(epilog=epilog("sandbox"), rich_help_panel=_SERVER)(sandbox)
app.command(epilog=epilog("doctor"), rich_help_panel=_SERVER)(doctor)
app.add_typer(mappings.app, name="mappings", rich_help_panel=_SERVER)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"stac-bridge {__version__}")
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A live STAC API over the USGS/EROS Machine-to-Machine archive."""
