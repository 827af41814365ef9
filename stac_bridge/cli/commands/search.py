"""``stac-bridge search``: shows Items as a table or JSON, or saves them in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from stac_bridge.cli.exit_codes import DONE, exits, note
from stac_bridge.cli.local_server import api_address, note_short_lived_hrefs
from stac_bridge.cli.options import Api, JsonFlag, with_search_options
from stac_bridge.cli.output.item_table import count_sentence, items_table
from stac_bridge.cli.output.printing import plain, print_answer, print_json, stderr_console
from stac_bridge.client.download import SearchParams, SearchResults, save_items, search_items
from stac_bridge.client.save import find_writer, write_ndjson
from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator


@exits
@with_search_options(limit=20)
def search(
    wanted: SearchParams,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Save the Items; the extension sets the format: .geojson or .json, .ndjson or .jsonl, "
            ".parquet (stac-geoparquet); - writes NDJSON to stdout.",
        ),
    ] = None,
    api: Api = None,
    as_json: JsonFlag = False,
) -> int:
    """Search for Items: print a table, an ItemCollection with `--json`, or save a file with `--output`.

    Returns at most 20 Items unless `--limit` is set; the last line shows whether more match.
    """
    if wanted.is_empty:
        raise BadRequest(
            "Say which Items: pass one of --collections, --ids, --bbox, --intersects, --datetime, --filter."
        )
    if output and as_json:
        raise BadRequest("Pass --json or --output, not both.")
    file = output if output and str(output) != "-" else None
    if file:
        find_writer(file)  # rejects an unknown extension before the search
    if output or as_json:
        note_short_lived_hrefs(api)
    with api_address(api) as address:
        hits = search_items(address, wanted)
        if file:
            _print_count(save_items(_with_progress(hits), file), hits, f" Saved in {file}.")
        elif output:
            _note_count(write_ndjson(_with_progress(hits), sys.stdout.buffer), hits)
        else:
            _print_items(list(_with_progress(hits)), hits, as_json)
    return DONE


def _print_items(items: list[dict[str, Any]], hits: SearchResults, as_json: bool) -> None:
    if as_json:
        matched = {} if hits.matched is None else {"numberMatched": hits.matched}
        print_json({"type": "FeatureCollection", "features": items, **matched, "numberReturned": len(items)})
        _note_count(len(items), hits)
        return
    if items:
        print_answer(items_table(items))
    _print_count(len(items), hits)
    if items:
        _print_next_commands(items[0])


def _print_count(count: int, hits: SearchResults, suffix: str = "") -> None:
    typer.echo(f"{count_sentence(count, hits.matched, hits.has_more)}{suffix if count else ''}")


def _note_count(count: int, hits: SearchResults) -> None:
    """Prints the count to stderr, unless the output itself shows that it is complete."""
    if hits.has_more or not count:
        note(count_sentence(count, hits.matched, hits.has_more))


def _print_next_commands(item: dict[str, Any]) -> None:
    """On a terminal, suggests what to run next."""
    console = stderr_console()
    if console.is_terminal and sys.stdout.isatty():
        console.print(plain(f"One Item: stac-bridge item {item.get('collection')} {item['id']}"), style="dim")
        console.print("Their files: stac-bridge download, with the same options", style="dim")


def _with_progress(hits: SearchResults) -> Iterator[dict[str, Any]]:
    """The Items, with a progress bar on a terminal."""
    console = stderr_console()
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
