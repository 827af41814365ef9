"""``stac-bridge search``: Items as a table, as JSON, or in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from stac_bridge.cli.exit_codes import DONE, leaves, note
from stac_bridge.cli.item_table import found, items_table
from stac_bridge.cli.local_server import reached, tell_of_hrefs
from stac_bridge.cli.options import Api, AsJson, asks
from stac_bridge.cli.printing import aside, plain, print_json, put
from stac_bridge.client.download import SearchParams, SearchResults, save_items, search_items
from stac_bridge.client.save import find_writer, write_ndjson
from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["search"]


@leaves
@asks(limit=20)
def search(
    wanted: SearchParams,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Save them, by its ending: .geojson or .json, .ndjson or .jsonl, .parquet (stac-geoparquet); "
            "- is NDJSON on stdout.",
        ),
    ] = None,
    api: Api = None,
    as_json: AsJson = False,
) -> int:
    """Search for Items: a table, an ItemCollection with `--json`, or a file with `--output`.

    At most 20 unless `--limit` says otherwise; when more match, the last line says so.
    """
    if wanted.is_empty:
        raise BadRequest("Say which Items: one of --collections, --ids, --bbox, --intersects, --datetime, --filter.")
    if output and as_json:
        raise BadRequest("Give --json or --output, not both.")
    to_file = output if output and str(output) != "-" else None
    if to_file:
        find_writer(to_file)  # a name that cannot be written is told before anything is asked
    if output or as_json:
        tell_of_hrefs(api)
    with reached(api) as address:
        hits = search_items(address, wanted)
        if to_file:
            _report(save_items(_watched(hits), to_file), hits, f" Saved in {to_file}.")
        elif output:
            _note(write_ndjson(_watched(hits), sys.stdout.buffer), hits)
        else:
            _show(list(_watched(hits)), hits, as_json)
    return DONE


def _show(items: list[dict[str, Any]], hits: SearchResults, as_json: bool) -> None:
    if as_json:
        matched = {} if hits.matched is None else {"numberMatched": hits.matched}
        print_json({"type": "FeatureCollection", "features": items, **matched, "numberReturned": len(items)})
        _note(len(items), hits)
        return
    if items:
        put(items_table(items))
    _report(len(items), hits)
    if items:
        _how_to_go_on(items[0])


def _report(count: int, hits: SearchResults, more: str = "") -> None:
    typer.echo(f"{found(count, hits.matched, hits.has_more)}{more if count else ''}")


def _note(count: int, hits: SearchResults) -> None:
    """Beside what a program reads, and only what it does not see there."""
    if hits.has_more or not count:
        note(found(count, hits.matched, hits.has_more))


def _how_to_go_on(item: dict[str, Any]) -> None:
    """To those who look."""
    console = aside()
    if console.is_terminal and sys.stdout.isatty():
        console.print(plain(f"All of one: stac-bridge item {item.get('collection')} {item['id']}"), style="dim")
        console.print("Their files: stac-bridge download, with the same options", style="dim")


def _watched(hits: SearchResults) -> Iterator[dict[str, Any]]:
    """Its Items, counted on a terminal while they come."""
    console = aside()
    with Progress(
        SpinnerColumn(),
        TextColumn("Items"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        bar = progress.add_task("", total=hits.limit)
        for item in hits:
            progress.update(bar, total=min(hits.limit, hits.matched or hits.limit))
            progress.advance(bar)
            yield item
