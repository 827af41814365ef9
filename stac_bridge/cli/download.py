"""``stac-bridge download``: a search, or the Items of a file → files in a folder."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import typer
from pydantic import ValidationError
from rich.console import Console

from stac_bridge import __version__
from stac_bridge.cli.bars import Bars, counted, document, table
from stac_bridge.cli.own_server import own_server
from stac_bridge.cli.serve import told
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
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["download"]

_SEARCH, _FILES = "Which Items", "Which files, and where to"

_TIMEOUT = httpx.Timeout(30, read=200)
"""Seconds; a bridge may take three times what an answer of M2M may, before a file begins."""


WIDTH = 160
"""Columns of the table where no terminal says how many there are."""


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
        typer.Argument(metavar="ITEMS.json", help="An ItemCollection or an Item, in place of a search; - is stdin."),
    ] = None,
    api: Annotated[
        str | None,
        typer.Option(help="Address of a STAC API that runs; else STAC_BRIDGE_API; else the command serves itself."),
    ] = None,
    collections: Annotated[
        str, typer.Option("--collections", "-c", help="Comma-separated ids.", rich_help_panel=_SEARCH)
    ] = "",
    ids: Annotated[str, typer.Option(help="Comma-separated ids of Items.", rich_help_panel=_SEARCH)] = "",
    bbox: Annotated[str, typer.Option(help="west,south,east,north in degrees.", rich_help_panel=_SEARCH)] = "",
    datetime: Annotated[
        str | None, typer.Option(help="A day, or two as 2024-07-01/2024-08-31.", rich_help_panel=_SEARCH)
    ] = None,
    cloud: Annotated[
        float | None, typer.Option(min=0, max=100, help="Most percent of cloud.", rich_help_panel=_SEARCH)
    ] = None,
    filter_text: Annotated[str | None, typer.Option("--filter", help="CQL2 text.", rich_help_panel=_SEARCH)] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most Items in all.", rich_help_panel=_SEARCH)] = 100,
    assets: Annotated[
        str,
        typer.Option(help="Comma-separated asset keys, such as red,nir08; all where absent.", rich_help_panel=_FILES),
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

    Files go to OUTPUT/COLLECTION/ITEM/, the Item beside them with its assets' hrefs made relative,
    and OUTPUT/catalog.json leads to all. Run the same again and it fetches what is missing: what is complete is
    skipped, what was broken off goes on where it stopped. A file that USGS has to prepare is waited for.

    Leaves with 0 when all files are there, 1 when some are not (the table says why), 2 when it cannot begin as asked,
    130 when interrupted.
    """

    def begin() -> int:
        text = with_cloud(filter_text, cloud)
        wanted = Wanted(_words(collections), _words(ids), _numbers(bbox), datetime, text, limit)
        with _items(items, wanted, api) as (found, asked):
            manner = _Manner(output, jobs, patience, overwrite, as_json)
            return _fetched(parcels(found, output, _words(assets), asked), manner)

    raise typer.Exit(_guarded(begin))


def _guarded(begin: Callable[[], int]) -> int:
    """Its exit code; what keeps it from beginning is told in a sentence."""
    try:
        return begin()
    except ValidationError as invalid:
        return _leave("; ".join(told(one) for one in invalid.errors()), 2)
    except BadRequest as wrong:
        return _leave(str(wrong), 2)
    except BridgeError as wrong:
        return _leave(str(wrong), 1)
    except KeyboardInterrupt:
        return _leave("Interrupted before the first file.", 130)


def _leave(why: str, code: int) -> int:
    typer.echo(f"stac-bridge: {why}", err=True)
    return code


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _numbers(text: str) -> tuple[float, ...] | None:
    """A box. Raises BadRequest."""
    try:
        box = tuple(float(word) for word in _words(text))
    except ValueError:
        box = (0.0,)
    if len(box) not in (0, 4):
        raise BadRequest("--bbox: give four numbers, as 5.9,45.4,6.5,45.8 for west,south,east,north.")
    return box or None


@contextlib.contextmanager
def _items(source: Path | None, wanted: Wanted, api: str | None) -> Iterator[tuple[list[dict[str, Any]], str | None]]:
    """The Items, and the API that answers for their files meanwhile. Raises BridgeError."""
    settings = Settings()
    asked = api or (str(settings.api).rstrip("/") if settings.api else None)
    if source is not None:
        if not wanted.is_nothing:
            raise BadRequest("Name a file of Items or a search, not both.")
        yield read_items(source), asked
        return
    if wanted.is_nothing:
        raise BadRequest("Say which Items: ITEMS.json, or one of --collections, --ids, --bbox, --datetime, --filter.")
    with contextlib.nullcontext(asked) if asked else own_server(settings) as address:
        yield _search(address, wanted), address


def _search(api: str, wanted: Wanted) -> list[dict[str, Any]]:
    found, more = find_items(api, wanted)
    if more:
        typer.echo(f"stac-bridge: More than {wanted.limit} Items match; --limit takes more of them.", err=True)
    if not found:
        typer.echo("stac-bridge: No Item matches.", err=True)
    return found


def _fetched(planned: Sequence[Parcel], manner: _Manner) -> int:
    """Fetch and tell; the exit code. An interrupted one keeps its parts."""
    files = [file for parcel in planned for file in parcel.files]
    bars = Bars(Console(stderr=True), len(files))
    http = httpx.AsyncClient(timeout=_TIMEOUT, headers={"User-Agent": f"stac-bridge/{__version__}"})
    means = Means(http, asyncio.Semaphore(manner.jobs), 60 * manner.patience)
    fetcher = Fetcher(means, bars, overwrite=manner.overwrite)
    interrupted = False
    try:
        with bars.progress:
            asyncio.run(_all(fetcher, planned, http))
    except KeyboardInterrupt:
        interrupted = True
    interruptions = {file.path: Outcome(file, Status.interrupted) for file in files}
    outcomes = list((interruptions | fetcher.outcomes).values())  # in the order of the Items
    whole = _catalogued(manner.folder, fetcher.collections) and all(one.is_there for one in outcomes)
    _tell(outcomes, manner)
    return 130 if interrupted else 0 if whole else 1


async def _all(fetcher: Fetcher, planned: Sequence[Parcel], http: httpx.AsyncClient) -> None:
    async with http:
        await fetcher.fetch(planned)


def _catalogued(folder: Path, collections: dict[str, dict[str, Any]]) -> bool:
    try:
        write_catalogue(folder, collections)
    except OSError as fault:
        typer.echo(f"stac-bridge: The catalogue cannot be written in {folder} ({fault.strerror}).", err=True)
        return False
    return True


def _tell(outcomes: Sequence[Outcome], manner: _Manner) -> None:
    if manner.as_json:
        typer.echo(document(outcomes, manner.folder))
        return
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(table(outcomes, manner.folder))
    typer.echo(counted(outcomes))
