"""``stac-bridge download``: a search, or the Items of a file → files in a folder."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer

from stac_bridge import __version__
from stac_bridge.cli.exit_codes import DONE, FAILED, INTERRUPTED, leaves, note
from stac_bridge.cli.local_server import named, reached
from stac_bridge.cli.options import Api, AsJson, asks, words
from stac_bridge.cli.printing import aside, put
from stac_bridge.cli.progress import Bars, counted, document, table
from stac_bridge.client.api import API_TIMEOUT
from stac_bridge.client.download import (
    FetchContext,
    Fetcher,
    ItemDownload,
    Outcome,
    SearchParams,
    Status,
    find_items,
    plan_downloads,
    read_items,
    write_catalog,
)
from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["download"]

_FILES = "Which files, and where to"


@dataclass(frozen=True, slots=True)
class _Manner:
    """How files are fetched; ``patience`` in minutes."""

    folder: Path
    jobs: int
    patience: float
    overwrite: bool
    as_json: bool


@leaves
@asks(limit=100)
def download(
    context: typer.Context,
    wanted: SearchParams,
    items: Annotated[
        Path | None,
        typer.Argument(metavar="ITEMS.json", help="An ItemCollection or an Item, in place of a search; - is stdin."),
    ] = None,
    assets: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEYS",
            help="Comma-separated asset keys, such as red,nir08; may be repeated; all if absent.",
            rich_help_panel=_FILES,
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="The folder; made where it is not there.",
            rich_help_panel=_FILES,
        ),
    ] = Path("downloads"),
    jobs: Annotated[
        int,
        typer.Option(
            metavar="COUNT", min=1, max=16, help="Files at once; USGS allows about 5.", rich_help_panel=_FILES
        ),
    ] = 4,
    patience: Annotated[
        float,
        typer.Option(
            metavar="MINUTES", min=0, help="Minutes that one file may be waited for in all.", rich_help_panel=_FILES
        ),
    ] = 30,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Fetch what is there, too.", rich_help_panel=_FILES)
    ] = False,
    api: Api = None,
    as_json: AsJson = False,
) -> int:
    """Fetch the files of Items: of a search, or of a file that a search's answer was saved to.

    Files go to OUTPUT/COLLECTION/ITEM/, the Item beside them with its assets' hrefs made relative,
    and OUTPUT/catalog.json leads to all. Run the same again and it fetches what is missing: what is complete is
    skipped, what was broken off goes on where it stopped. A file that USGS has to prepare is waited for.
    """
    if items and (not wanted.is_empty or _is_given(context, "limit")):
        raise BadRequest("Name a file of Items or a search, with its --limit, not both.")
    with _items(items, wanted, api) as (found, asked):
        manner = _Manner(output, jobs, patience, overwrite, as_json)
        return _fetched(plan_downloads(found, output, words(assets), asked), manner)


def _is_given(context: typer.Context, option: str) -> bool:
    """Whether the command line has the option, be it with its default value."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


@contextlib.contextmanager
def _items(
    source: Path | None, wanted: SearchParams, api: str | None
) -> Iterator[tuple[list[dict[str, Any]], str | None]]:
    """The Items, and the API that answers for their files meanwhile. Raises BridgeError."""
    if source is not None:
        yield read_items(source), named(api)
        return
    if wanted.is_empty:
        raise BadRequest("Say which Items: ITEMS.json, or one of --collections, --ids, --bbox, --datetime, --filter.")
    with reached(api) as address:
        yield _search(address, wanted), address


def _search(api: str, wanted: SearchParams) -> list[dict[str, Any]]:
    found, more = find_items(api, wanted)
    if more:
        note(f"More than {wanted.limit} Items match; --limit takes more of them.")
    if not found:
        note("No Item matches.")
    return found


def _fetched(planned: Sequence[ItemDownload], manner: _Manner) -> int:
    """Fetch and tell; the exit code. An interrupted one keeps its parts."""
    files = [file for parcel in planned for file in parcel.files]
    bars = Bars(aside(), len(files))
    http = httpx.AsyncClient(timeout=API_TIMEOUT, headers={"User-Agent": f"stac-bridge/{__version__}"})
    means = FetchContext(http, asyncio.Semaphore(manner.jobs), 60 * manner.patience)
    fetcher = Fetcher(means, bars, overwrite=manner.overwrite)
    interrupted = False
    try:
        with bars.progress:
            asyncio.run(_all(fetcher, planned, http))
    except KeyboardInterrupt:
        interrupted = True
    interruptions = {file.path: Outcome(file, Status.interrupted) for file in files}
    outcomes = list((interruptions | fetcher.outcomes).values())  # in the order of the Items
    whole = _catalogued(manner.folder, fetcher.collections) and all(one.is_complete for one in outcomes)
    _tell(outcomes, manner)
    return INTERRUPTED if interrupted else DONE if whole else FAILED


async def _all(fetcher: Fetcher, planned: Sequence[ItemDownload], http: httpx.AsyncClient) -> None:
    async with http:
        await fetcher.fetch(planned)


def _catalogued(folder: Path, collections: dict[str, dict[str, Any]]) -> bool:
    try:
        write_catalog(folder, collections)
    except OSError as fault:
        note(f"The catalogue cannot be written in {folder} ({fault.strerror}).")
        return False
    return True


def _tell(outcomes: Sequence[Outcome], manner: _Manner) -> None:
    if manner.as_json:
        typer.echo(document(outcomes, manner.folder))
        return
    put(table(outcomes, manner.folder))
    typer.echo(counted(outcomes))
