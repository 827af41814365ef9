"""``stac-bridge collections``: what there is, and what can be asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from stac_bridge.cli.examples import epilog
from stac_bridge.cli.exit_codes import DONE, leaves
from stac_bridge.cli.local_server import reached
from stac_bridge.cli.options import Api, AsJson, Box, Time, box
from stac_bridge.cli.printing import facts, plain, print_json, put, rows
from stac_bridge.cli.repeats import App
from stac_bridge.client.download import fetch_json, find_collections
from stac_bridge.errors import BridgeError

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["app"]

app = App(help="What there is, and what can be asked of it: search, show.", no_args_is_help=True)

Collection = dict[str, Any]


@app.command(epilog=epilog("collections search"))
@leaves
def search(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Words of its id, title, description or keywords.")
    ] = None,
    bbox: Box = "",
    datetime: Time = None,
    api: Api = None,
    as_json: AsJson = False,
) -> int:
    """Search for Collections by words, place and time; all of them where nothing is said."""
    with reached(api) as address:
        found = find_collections(address, text, box(bbox), datetime)
    if as_json:
        print_json({"collections": found, "numberReturned": len(found)})
        return DONE
    if found:
        put(rows(["id", "title", "from", "to"], [_row(one) for one in found]))
    typer.echo(f"{len(found)} Collection{'' if len(found) == 1 else 's'}." if found else "No Collection matches.")
    return DONE


@app.command(epilog=epilog("collections show"))
@leaves
def show(
    collection: Annotated[str, typer.Argument(metavar="ID", help="Id of the Collection.")],
    api: Api = None,
    as_json: AsJson = False,
) -> int:
    """Show a Collection: its extent and licence, the assets of its Items, and the names that a filter may use."""
    path = f"collections/{quote(collection, safe='')}"
    with reached(api) as address:
        found = fetch_json(address, path)
        queryables = {} if as_json else _queryables(address, path)
    if as_json:
        print_json(found)
    else:
        _tell(found, queryables)
    return DONE


def _queryables(address: str, path: str) -> dict[str, Any]:
    """By name; none where the API does not tell them."""
    try:
        named = fetch_json(address, f"{path}/queryables").get("properties")
    except BridgeError:
        return {}
    return named if isinstance(named, dict) else {}


def _row(one: Collection) -> list[Text]:
    start, end = _days(one)
    return [Text(str(one["id"]), style="cyan"), plain(one.get("title") or ""), plain(start), plain(end)]


def _days(one: Collection) -> tuple[str, str]:
    """The first and the last day of it all; empty where that is open."""
    start, end = one["extent"]["temporal"]["interval"][0]
    return (start or "")[:10], (end or "")[:10]


def _tell(one: Collection, queryables: dict[str, Any]) -> None:
    start, end = _days(one)
    licence = next((link["href"] for link in one.get("links", ()) if link.get("rel") == "license"), "")
    about = [
        ("id", one["id"]),
        ("title", one.get("title")),
        ("description", plain(one.get("description") or "", 2000)),
        ("time", f"{start or '…'} – {end or 'today'}"),
        ("bbox", one["extent"]["spatial"]["bbox"][0]),
        ("licence", f"{one.get('license', '')} {licence}".strip()),
        ("providers", ", ".join(provider["name"] for provider in one.get("providers", ()))),
        ("keywords", ", ".join(one.get("keywords") or ())),
        ("DOI", one.get("sci:doi")),
    ]
    put(facts(about))
    if one.get("item_assets"):
        put("", _assets(one["item_assets"]))
    if queryables:
        put("", _names(queryables))


def _assets(assets: dict[str, dict[str, Any]]) -> Table:
    cells = ([Text(key, style="cyan"), plain(said.get("title") or "")] for key, said in assets.items())
    return rows(["asset", "title"], cells)


def _names(queryables: dict[str, dict[str, Any]]) -> Table:
    cells = (
        [Text(name, style="cyan"), plain(said.get("title") or ""), plain(_kind(said))]
        for name, said in queryables.items()
    )
    return rows(["a filter may name", "title", "values"], cells)


def _kind(said: dict[str, Any]) -> str:
    """The values that there can be, as far as they are told.

    >>> _kind({"type": "number", "minimum": 0, "maximum": 100}), _kind({"type": "string", "enum": ["T1", "T2"]})
    ('number from 0 to 100', 'T1, T2')
    """
    values = said.get("enum") or said.get("items", {}).get("enum")
    if values:
        return ", ".join(str(one) for one in values)
    kind = said.get("format") or said.get("type") or ""
    kind = kind if isinstance(kind, str) else " or ".join(kind)
    bounds = [f"{word} {said[bound]}" for word, bound in (("from", "minimum"), ("to", "maximum")) if bound in said]
    return " ".join([kind, *bounds])
