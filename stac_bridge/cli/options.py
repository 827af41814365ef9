"""Options that several commands have, and the search that they describe."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path  # noqa: TC003  # typer evaluates the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stac_bridge.client.download import SearchParams, add_cloud_filter
from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SEARCH = "Which Items"

Api = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Address of a running STAC API; default: STAC_BRIDGE_API, else the command's own server."
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Bbox = Annotated[
    str, typer.Option(metavar="W,S,E,N", help="west,south,east,north in degrees.", rich_help_panel=_SEARCH)
]
Datetime = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN", help="A day, month or year, or two as in 2024-07-01/2024-08-31.", rich_help_panel=_SEARCH
    ),
]


def _complete_ids(incomplete: str) -> list[str]:
    """Shell completions for the last of several comma-separated ids; from the mappings, so that no server is needed."""
    from stac_bridge.mapping import load_mappings

    before, comma, last = incomplete.rpartition(",")
    mappings = load_mappings()
    ids = sorted([*mappings.by_dataset, *(union.union for union in mappings.unions)])
    return [f"{before}{comma}{name}" for name in ids if name.startswith(last)]


def search_options(
    collections: Annotated[
        list[str] | None,
        typer.Option(
            "--collections",
            "-c",
            metavar="IDS",
            help="Comma-separated ids; may be repeated.",
            rich_help_panel=_SEARCH,
            autocompletion=_complete_ids,
        ),
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option(metavar="IDS", help="Comma-separated ids of Items; may be repeated.", rich_help_panel=_SEARCH),
    ] = None,
    bbox: Bbox = "",
    intersects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="GeoJSON file of a place, instead of a bbox; - for stdin.", rich_help_panel=_SEARCH
        ),
    ] = None,
    datetime: Datetime = None,
    cloud: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", min=0, max=100, help="Maximum cloud cover.", rich_help_panel=_SEARCH),
    ] = None,
    filter_text: Annotated[
        str | None, typer.Option("--filter", metavar="CQL2", help="CQL2 text.", rich_help_panel=_SEARCH)
    ] = None,
    sort: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Comma-separated properties, as in eo:cloud_cover,-datetime; - is descending; may be repeated.",
            rich_help_panel=_SEARCH,
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="COUNT", min=1, help="Maximum number of Items.", rich_help_panel=_SEARCH)
    ] = 100,
) -> SearchParams:
    """The search that the options describe. Its signature is that of the options. Raises BadRequest."""
    from stac_bridge.cli.geojson_file import read_geometry  # imports shapely, which other options do not need

    if bbox and intersects:
        raise BadRequest("Pass --bbox or --intersects, not both.")
    return SearchParams(
        collections=split_list(collections),
        ids=split_list(ids),
        bbox=parse_bbox(bbox),
        intersects=read_geometry(intersects) if intersects else None,
        datetime=datetime,
        filter=add_cloud_filter(filter_text, cloud),
        sortby=split_list(sort),
        limit=limit,
    )


def with_search_options(limit: int) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Decorates a command: replaces its parameter ``wanted`` by the options of a search, with this default limit."""
    options = [
        option.replace(default=limit) if option.name == "limit" else option for option in _parameters(search_options)
    ]

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        parameters = [
            parameter for own in _parameters(command) for parameter in (options if own.name == "wanted" else [own])
        ]

        @functools.wraps(command)
        def run(**arguments: Any) -> int:
            search = {option.name: arguments.pop(option.name) for option in options}
            return command(**arguments, wanted=search_options(**search))

        # typer reads the signature and the annotations.
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        )
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(function, eval_str=True).parameters.values())


def split_list(values: Iterable[str] | None) -> tuple[str, ...]:
    """The values of a repeatable option, each of which may be comma-separated, in order.

    >>> split_list(["red, nir08,", "blue"])
    ('red', 'nir08', 'blue')
    """
    return tuple(item.strip() for value in values or () for item in value.split(",") if item.strip())


def parse_bbox(text: str) -> tuple[float, ...] | None:
    """Four numbers in degrees; None if the text is empty. Raises BadRequest.

    >>> parse_bbox("-10,45.4,6.5,45.8")
    (-10.0, 45.4, 6.5, 45.8)
    """
    try:
        numbers = tuple(float(item) for item in split_list([text]))
    except ValueError:
        numbers = (0.0,)
    if len(numbers) not in (0, 4):
        raise BadRequest("--bbox: pass four numbers, as in 5.9,45.4,6.5,45.8 for west,south,east,north.")
    return numbers or None
