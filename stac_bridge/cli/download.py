"""``stac-bridge download``: a search, or the Items of a file → files in a folder."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import httpx
import typer
from pydantic import ValidationError
from rich.console import Console

from stac_bridge.cli.bars import Bars, document, table
from stac_bridge.cli.own_server import own_server
from stac_bridge.errors import BadRequest, BridgeError
from stac_bridge.fetching import (
    Fetcher,
    Means,
    Outcome,
    Parcel,
    Status,
    Wanted,
    find_items,
    parcels,
    read_items,
    write_catalogue,
)
from stac_bridge.fetching.items import with_cloud
from stac_bridge.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["download"]

_SEARCH, _FILES = "Which Items", "Which files, and where to"

_TIMEOUT = httpx.Timeout(30, read=200)
"""Seconds; a bridge may take three times what an answer of M2M may, before a file begins."""


@dataclass(frozen=True, slots=True)
class _Manner:
    """How files are fetched; ``patience`` in minutes."""

    folder: Path
    jobs: int
    patience: float
    overwrite: bool
    as_json: bool


def download(
    items: Annotated[
        Path | None,
        typer.Argument(metavar="[ITEMS.json]", help="An ItemCollection or an Item, in place of a search; - is stdin."),
    ] = None,
    api: Annotated[
        str | None,
        typer.Option(help="Address of a STAC API that runs; else STAC_BRIDGE_API; else the command serves itself."),
    ] = None,
    collections: Annotated[
        str, typer.Option("--collections", "-c", help="Comma-separated ids.", rich_help_panel=_SEARCH)
    ] = "",
    ids: Annotated[str, typer.Option(help="Comma-separated ids of Items.", rich_help_panel=_SEARCH)] = "",
    bbox: Annotated[
        str, typer.Option(help="west,south,east,north in degrees.", rich_help_panel=_SEARCH)
    ] = "",
    datetime: Annotated[
        str | None, typer.Option(help="A day, or two as 2024-07-01/2024-08-31.", rich_help_panel=_SEARCH)
    ] = None,
    cloud: Annotated[
        float | None, typer.Option(min=0, max=100, help="Most percent of cloud.", rich_help_panel=_SEARCH)
    ] = None,
    filter_text: Annotated[
        str | None, typer.Option("--filter", help="CQL2 text.", rich_help_panel=_SEARCH)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most Items in all.", rich_help_panel=_SEARCH)] = 100,
    assets: Annotated[
        str, typer.Option(help="Comma-separated asset keys, such as red,nir08; all where absent.", rich_help_panel=_FILES)
    ] = "",
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder; made where it is not there.", rich_help_panel=_FILES)
    ] = Path("downloads"),
    jobs: Annotated[
        int, typer.Option(min=1, max=16, help="Files at once; USGS allows about 5.", rich_help_panel=_FILES)
    ] = 4,
    patience: Annotated[
        float, typer.Option(min=0, help="Minutes that one file may be waited for in all.", rich_help_panel=_FILES)
    ] = 30,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Fetch what is there, too.", rich_help_panel=_FILES)
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="End with one JSON document on stdout, in place of the table.")
    ] = False,
) -> None:
    """Fetch the files of Items: of a search, or of a file that a search's answer was saved to.

    Files go to OUTPUT/<collection>/<item id>/<file name>, the Item beside them with its assets' hrefs made relative,
    and OUTPUT/catalog.json leads to all. Run the same again and it fetches what is missing: what is complete is
    skipped, what was broken off goes on where it stopped. A file that USGS has to prepare is waited for.

    Leaves with 0 when all files are there, 1 when some are not (the table says why), 2 when it cannot begin as asked,
    130 when interrupted.
    """
    manner = _Manner(output, jobs, patience, overwrite, as_json)
    try:
        box = _numbers(bbox)
        wanted = Wanted(_words(collections), _words(ids), box, datetime, with_cloud(filter_text, cloud), limit)
        settings = Settings()
        asked = api or (str(settings.api).rstrip("/") if settings.api else None)
        with contextlib.ExitStack() as opened:
            if items is not None:
                _refuse_both(wanted)
                found = read_items(items)
            else:
                asked = asked or opened.enter_context(_served(wanted, settings))
                found = _search(asked, wanted)
            code = _fetch(parcels(found, output, _words(assets), asked), manner)
    except ValidationError as invalid:
        _leave("; ".join(f"STAC_BRIDGE_{one['loc'][0]}: {one['msg']}".upper() for one in invalid.errors()), 2)
    except BadRequest as wrong:
        _leave(str(wrong), 2)
    except BridgeError as wrong:
        _leave(str(wrong), 1)
    except KeyboardInterrupt:
        _leave("Interrupted before a file had begun.", 130)
    raise typer.Exit(code)
