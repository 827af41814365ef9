"""``stac-bridge item``: all that is told of one Item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.filesize import decimal
from rich.text import Text

from stac_bridge.cli.exit_codes import DONE, leaves
from stac_bridge.cli.item_table import when
from stac_bridge.cli.local_server import reached, tell_of_hrefs
from stac_bridge.cli.options import Api, AsJson
from stac_bridge.cli.printing import facts, plain, print_json, put, rows
from stac_bridge.client.download import fetch_json

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["item", "item_page"]

_SAID_ELSEWHERE = ("datetime", "start_datetime", "end_datetime", "auth:schemes", "m2m:href_expires")


@leaves
def item(
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="Id of its Collection.")],
    item_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the Item.")],
    api: Api = None,
    as_json: AsJson = False,
) -> int:
    """Tell all of one Item: its properties and its assets.

    An asset that USGS prepares first says so; the last line tells until when the hrefs are good.
    """
    tell_of_hrefs(api)
    with reached(api) as address:
        found = fetch_json(address, f"collections/{quote(collection, safe='')}/items/{quote(item_id, safe='')}")
    if as_json:
        print_json(found)
    else:
        put(*item_page(found))
    return DONE


def item_page(found: dict[str, Any]) -> list[RenderableType]:
    """What is told of an Item, one below the other."""
    properties = found["properties"]
    about = [("id", found["id"]), ("collection", found.get("collection")), ("date", when(properties))]
    shown = ((name, properties[name]) for name in properties if name not in _SAID_ELSEWHERE)
    page: list[RenderableType] = [
        facts([*about, ("bbox", found.get("bbox"))]),
        "",
        facts(shown),
        "",
        _assets(found["assets"]),
    ]
    if properties.get("m2m:href_expires"):
        until = str(properties["m2m:href_expires"])[:16].replace("T", " ")
        page += ["", f"The hrefs are good until {until} UTC; then ask for the Item again, or renew them at /sign."]
    return page


def _assets(assets: dict[str, dict[str, Any]]) -> Table:
    return rows(
        ["asset", "title", "type", "size", "state"],
        [
            [Text(key, style="cyan"), plain(one.get("title") or ""), _kind(one), _size(one), _state(one)]
            for key, one in assets.items()
        ],
    )


def _kind(asset: dict[str, Any]) -> Text:
    """The media type, with what it says of a GeoTIFF in a word."""
    kind, _, more = str(asset.get("type") or "").partition(";")
    return plain("COG" if "cloud-optimized" in more else kind)


def _size(asset: dict[str, Any]) -> Text:
    size = asset.get("file:size")
    return plain(decimal(size) if isinstance(size, int) else "")


def _state(asset: dict[str, Any]) -> Text:
    """Whether it is there, by the words of the order extension, or why it never is."""
    if asset.get("m2m:unavailable"):
        return Text(plain(asset["m2m:unavailable"]).plain, style="red")
    if asset.get("order:status") == "orderable":
        return Text("USGS prepares it when it is asked for", style="yellow")
    return Text("ready", style="green")
