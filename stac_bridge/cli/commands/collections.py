"""``stac-bridge collections``: search for Collections, and show one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from stac_bridge.cli.examples import epilog
from stac_bridge.cli.exit_codes import DONE, exits
from stac_bridge.cli.local_server import api_address
from stac_bridge.cli.options import Api, Bbox, Datetime, JsonFlag, parse_bbox
from stac_bridge.cli.output.printing import grid, plain, print_answer, print_json, table
from stac_bridge.cli.repeated_options import App
from stac_bridge.client.download import fetch_json, find_collections
from stac_bridge.errors import BridgeError

if TYPE_CHECKING:
    from rich.table import Table

app = App(help="Collections and their queryables: search, show.", no_args_is_help=True)

Collection = dict[str, Any]


@app.command(epilog=epilog("collections search"))
@exits
def search(
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Words of its id, title, description or keywords.")
    ] = None,
    bbox: Bbox = "",
    datetime: Datetime = None,
    api: Api = None,
    as_json: JsonFlag = False,
) -> int:
    """Search for Collections by words, place and time; list all of them without any of these."""
    with api_address(api) as address:
        matches = find_collections(address, text, parse_bbox(bbox), datetime)
    if as_json:
        print_json({"collections": matches, "numberReturned": len(matches)})
        return DONE
    if matches:
        print_answer(table(["id", "title", "from", "to"], [_row(collection) for collection in matches]))
    plural = "" if len(matches) == 1 else "s"
    typer.echo(f"{len(matches)} Collection{plural}." if matches else "No Collection matches.")
    return DONE


@app.command(epilog=epilog("collections show"))
@exits
def show(
    collection: Annotated[str, typer.Argument(metavar="ID", help="Id of the Collection.")],
    api: Api = None,
    as_json: JsonFlag = False,
) -> int:
    """Show a Collection: its extent and license, the assets of its Items, and the properties that filters may use."""
    path = f"collections/{quote(collection, safe='')}"
    with api_address(api) as address:
        shown = fetch_json(address, path)
        queryables = {} if as_json else _queryables(address, path)
    if as_json:
        print_json(shown)
    else:
        _print_collection(shown, queryables)
    return DONE


def _queryables(address: str, path: str) -> dict[str, Any]:
    """Schemas by name; empty if the API has none."""
    try:
        properties = fetch_json(address, f"{path}/queryables").get("properties")
    except BridgeError:
        return {}
    return properties if isinstance(properties, dict) else {}


def _row(collection: Collection) -> list[Text]:
    start, end = _days(collection)
    return [
        Text(str(collection["id"]), style="cyan"),
        plain(collection.get("title") or ""),
        plain(start),
        plain(end),
    ]


def _days(collection: Collection) -> tuple[str, str]:
    """The first and the last day of the whole extent; empty for an open end."""
    start, end = collection["extent"]["temporal"]["interval"][0]
    return (start or "")[:10], (end or "")[:10]


def _print_collection(collection: Collection, queryables: dict[str, Any]) -> None:
    start, end = _days(collection)
    license_link = next((link["href"] for link in collection.get("links", ()) if link.get("rel") == "license"), "")
    overview = [
        ("id", collection["id"]),
        ("title", collection.get("title")),
        ("description", plain(collection.get("description") or "", 2000)),
        ("time", f"{start or '…'} – {end or 'today'}"),
        ("bbox", collection["extent"]["spatial"]["bbox"][0]),
        ("license", f"{collection.get('license', '')} {license_link}".strip()),
        ("providers", ", ".join(provider["name"] for provider in collection.get("providers", ()))),
        ("keywords", ", ".join(collection.get("keywords") or ())),
        ("DOI", collection.get("sci:doi")),
    ]
    print_answer(grid(overview))
    if collection.get("item_assets"):
        print_answer("", _asset_table(collection["item_assets"]))
    if queryables:
        print_answer("", _queryables_table(queryables))


def _asset_table(assets: dict[str, dict[str, Any]]) -> Table:
    cells = ([Text(key, style="cyan"), plain(asset.get("title") or "")] for key, asset in assets.items())
    return table(["asset", "title"], cells)


def _queryables_table(queryables: dict[str, dict[str, Any]]) -> Table:
    cells = (
        [Text(name, style="cyan"), plain(schema.get("title") or ""), plain(_values(schema))]
        for name, schema in queryables.items()
    )
    return table(["queryable", "title", "values"], cells)


def _values(schema: dict[str, Any]) -> str:
    """The possible values, as far as the schema limits them.

    >>> _values({"type": "number", "minimum": 0, "maximum": 100}), _values({"type": "string", "enum": ["T1", "T2"]})
    ('number from 0 to 100', 'T1, T2')
    """
    values = schema.get("enum") or schema.get("items", {}).get("enum")
    if values:
        return ", ".join(str(value) for value in values)
    kind = schema.get("format") or schema.get("type") or ""
    kind = kind if isinstance(kind, str) else " or ".join(kind)
    bounds = [f"{word} {schema[bound]}" for word, bound in (("from", "minimum"), ("to", "maximum")) if bound in schema]
    return " ".join([kind, *bounds])
