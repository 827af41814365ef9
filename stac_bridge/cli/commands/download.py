"""``stac-bridge download``: downloads the files of a search, or of Items in a file."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer

from stac_bridge import __version__
from stac_bridge.cli.exit_codes import DONE, FAILED, INTERRUPTED, exits, note
from stac_bridge.cli.local_server import api_address, configured_api
from stac_bridge.cli.options import Api, JsonFlag, split_list, with_search_options
from stac_bridge.cli.output.printing import print_answer, stderr_console
from stac_bridge.cli.output.progress import DownloadProgress, outcome_json, outcome_table, summarize
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

_FILES = "Which files, and where to"


@dataclass(frozen=True, slots=True)
class _Options:
    """How to download, and how to report it."""

    folder: Path
    jobs: int
    """Number of files at a time."""
    max_wait: float
    """Seconds."""
    overwrite: bool
    as_json: bool


@exits
@with_search_options(limit=100)
def download(
    context: typer.Context,
    wanted: SearchParams,
    items: Annotated[
        Path | None,
        typer.Argument(metavar="ITEMS.json", help="An ItemCollection or an Item, instead of a search; - for stdin."),
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
            help="The folder; created if missing.",
            rich_help_panel=_FILES,
        ),
    ] = Path("downloads"),
    jobs: Annotated[
        int,
        typer.Option(
            metavar="COUNT", min=1, max=16, help="Files at a time; USGS allows about 5.", rich_help_panel=_FILES
        ),
    ] = 4,
    patience: Annotated[
        float,
        typer.Option(metavar="MINUTES", min=0, help="Maximum total wait for one file.", rich_help_panel=_FILES),
    ] = 30,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Download files that exist, too.", rich_help_panel=_FILES)
    ] = False,
    api: Api = None,
    as_json: JsonFlag = False,
) -> int:
    """Download the files of Items: of a search, or of a file with the results of a search.

    Files are saved in OUTPUT/COLLECTION/ITEM/, beside their Item with relative hrefs, and OUTPUT/catalog.json links
    to all of them. Run the same command again to download what is missing: complete files are skipped, and partial
    ones are continued. If USGS has to prepare a file first, the command waits for it.
    """
    if items and (not wanted.is_empty or _is_on_command_line(context, "limit")):
        raise BadRequest("Pass either a file of Items or the options of a search, not both.")
    with _items(items, wanted, api) as (matches, address):
        options = _Options(output, jobs, 60 * patience, overwrite, as_json)
        return _download(plan_downloads(matches, output, split_list(assets), address), options)


def _is_on_command_line(context: typer.Context, option: str) -> bool:
    """Whether the option is on the command line, even with its default value."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


@contextlib.contextmanager
def _items(
    source: Path | None, wanted: SearchParams, api: str | None
) -> Iterator[tuple[list[dict[str, Any]], str | None]]:
    """The Items, and the API to request their files from, which is available inside. Raises BridgeError."""
    if source is not None:
        yield read_items(source), configured_api(api)
        return
    if wanted.is_empty:
        raise BadRequest(
            "Say which Items: pass ITEMS.json, or one of --collections, --ids, --bbox, --datetime, --filter."
        )
    with api_address(api) as address:
        yield _search(address, wanted), address


def _search(api: str, wanted: SearchParams) -> list[dict[str, Any]]:
    items, more = find_items(api, wanted)
    if more:
        note(f"More than {wanted.limit} Items match; raise --limit to download more.")
    if not items:
        note("No Item matches.")
    return items


def _download(planned: Sequence[ItemDownload], options: _Options) -> int:
    """Downloads everything and prints the outcome; returns the exit code. An interruption keeps partial files."""
    files = [file for parcel in planned for file in parcel.files]
    progress = DownloadProgress(stderr_console(), len(files))
    http = httpx.AsyncClient(timeout=API_TIMEOUT, headers={"User-Agent": f"stac-bridge/{__version__}"})
    means = FetchContext(http, asyncio.Semaphore(options.jobs), options.max_wait)
    fetcher = Fetcher(means, progress, overwrite=options.overwrite)
    interrupted = False
    try:
        with progress.display:
            asyncio.run(_fetch(fetcher, planned, http))
    except KeyboardInterrupt:
        interrupted = True
    # Files without an outcome were interrupted; the union keeps the order of the Items.
    unfinished = {file.path: Outcome(file, Status.interrupted) for file in files}
    outcomes = list((unfinished | fetcher.outcomes).values())
    complete = _write_catalog(options.folder, fetcher.collections) and all(outcome.is_complete for outcome in outcomes)
    _print_outcomes(outcomes, options)
    return INTERRUPTED if interrupted else DONE if complete else FAILED


async def _fetch(fetcher: Fetcher, planned: Sequence[ItemDownload], http: httpx.AsyncClient) -> None:
    async with http:
        await fetcher.fetch(planned)


def _write_catalog(folder: Path, collections: dict[str, dict[str, Any]]) -> bool:
    """Whether the static catalog could be written."""
    try:
        write_catalog(folder, collections)
    except OSError as error:
        note(f"The catalog cannot be written in {folder} ({error.strerror}).")
        return False
    return True


def _print_outcomes(outcomes: Sequence[Outcome], options: _Options) -> None:
    if options.as_json:
        typer.echo(outcome_json(outcomes, options.folder))
        return
    print_answer(outcome_table(outcomes, options.folder))
    typer.echo(summarize(outcomes))
