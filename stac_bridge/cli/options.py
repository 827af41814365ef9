"""The options that commands share, each written once, and the question that they put together."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path  # noqa: TC003  # typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stac_bridge.client.download import SearchParams, add_cloud_filter
from stac_bridge.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Api", "AsJson", "Box", "Time", "asks", "box", "question", "words"]

_SEARCH = "Which Items"

Api = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Address of a STAC API that runs; else STAC_BRIDGE_API; else the command serves itself."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, in place of a table.")]
Box = Annotated[str, typer.Option(metavar="W,S,E,N", help="west,south,east,north in degrees.", rich_help_panel=_SEARCH)]
Time = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN", help="A day, month or year, or two as 2024-07-01/2024-08-31.", rich_help_panel=_SEARCH
    ),
]


def _known(incomplete: str) -> list[str]:
    """Completions of the last of several ids: datasets and unions with mappings, so that nothing is asked."""
    from stac_bridge.mapping import load_mappings

    before, comma, last = incomplete.rpartition(",")
    mappings = load_mappings()
    ids = sorted([*mappings.by_dataset, *(one.union for one in mappings.unions)])
    return [f"{before}{comma}{one}" for one in ids if one.startswith(last)]


def question(
    collections: Annotated[
        list[str] | None,
        typer.Option(
            "--collections",
            "-c",
            metavar="IDS",
            help="Comma-separated ids; may be repeated.",
            rich_help_panel=_SEARCH,
            autocompletion=_known,
        ),
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option(metavar="IDS", help="Comma-separated ids of Items; may be repeated.", rich_help_panel=_SEARCH),
    ] = None,
    bbox: Box = "",
    intersects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="GeoJSON of a place, not a box; - is stdin.", rich_help_panel=_SEARCH),
    ] = None,
    datetime: Time = None,
    cloud: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", min=0, max=100, help="Most percent of cloud.", rich_help_panel=_SEARCH),
    ] = None,
    filter_text: Annotated[
        str | None, typer.Option("--filter", metavar="CQL2", help="CQL2 text.", rich_help_panel=_SEARCH)
    ] = None,
    sort: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Comma-separated properties, as eo:cloud_cover,-datetime; - is downwards; may be repeated.",
            rich_help_panel=_SEARCH,
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="COUNT", min=1, help="Most Items in all.", rich_help_panel=_SEARCH)
    ] = 100,
) -> SearchParams:
    """What a command's options say to search for. Raises BadRequest."""
    from stac_bridge.cli.geojson_file import place_of  # brings shapely, which most commands do without

    if bbox and intersects:
        raise BadRequest("Give --bbox or --intersects, not both.")
    return SearchParams(
        collections=words(collections),
        ids=words(ids),
        bbox=box(bbox),
        intersects=place_of(intersects) if intersects else None,
        datetime=datetime,
        filter=add_cloud_filter(filter_text, cloud),
        sortby=words(sort),
        limit=limit,
    )


def asks(limit: int) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """A command that has the options of ``question`` in place of its parameter ``wanted``, and this default limit."""
    options = [one.replace(default=limit) if one.name == "limit" else one for one in _parameters(question)]

    def with_options(command: Callable[..., int]) -> Callable[..., int]:
        every = [one for own in _parameters(command) for one in (options if own.name == "wanted" else [own])]

        @functools.wraps(command)
        def run(**said: Any) -> int:
            asked = {one.name: said.pop(one.name) for one in options}
            return command(**said, wanted=question(**asked))

        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # typer reads it
            [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in every]
        )
        run.__annotations__ = {one.name: one.annotation for one in every}
        return run

    return with_options


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(function, eval_str=True).parameters.values())


def words(values: Iterable[str] | None) -> tuple[str, ...]:
    """The words of an option that takes comma-separated words and may be repeated, in the order given.

    >>> words(["red, nir08,", "blue"])
    ('red', 'nir08', 'blue')
    """
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())


def box(text: str) -> tuple[float, ...] | None:
    """Four numbers, in degrees. Raises BadRequest.

    >>> box("-10,45.4,6.5,45.8")
    (-10.0, 45.4, 6.5, 45.8)
    """
    try:
        found = tuple(float(word) for word in words([text]))
    except ValueError:
        found = (0.0,)
    if len(found) not in (0, 4):
        raise BadRequest("--bbox: give four numbers, as 5.9,45.4,6.5,45.8 for west,south,east,north.")
    return found or None
