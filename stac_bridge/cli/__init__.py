"""The command ``stac-bridge``."""

from __future__ import annotations

from typing import Annotated

import typer

from stac_bridge import __version__
from stac_bridge.cli.doctor import doctor
from stac_bridge.cli.download import download
from stac_bridge.cli.mappings import app as mappings
from stac_bridge.cli.sandbox import sandbox
from stac_bridge.cli.serve import serve

__all__ = ["app"]

app = typer.Typer(
    name="stac-bridge",
    help="A live STAC API over the USGS/EROS Machine-to-Machine archive.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command()(serve)
app.command()(sandbox)
app.command()(download)
app.command()(doctor)
app.add_typer(mappings, name="mappings")


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
