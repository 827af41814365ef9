"""``stac-bridge item``: shows one Item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.filesize import decimal
from rich.text import Text

from stac_bridge.cli.exit_codes import DONE, exits
from stac_bridge.cli.local_server import api_address, note_short_lived_hrefs
from stac_bridge.cli.options import Api, JsonFlag
from stac_bridge.cli.output.item_table import format_time
from stac_bridge.cli.output.printing import grid, plain, print_answer, print_json, table
from stac_bridge.client.download import fetch_json

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_SHOWN_ELSEWHERE = ("datetime", "start_datetime", "end_datetime", "auth:schemes", "m2m:href_expires")


@exits
def item(
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="Id of its Collection.")],
    item_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the Item.")],
    api: Api = None,
    as_json: JsonFlag = False,
) -> int:
    """Show one Item: its properties and assets.

    Assets that USGS has to prepare first are marked; the last line shows when the hrefs expire.
    """
    note_short_lived_hrefs(api)
    with api_address(api) as address:
        shown = fetch_json(address, f"collections/{quote(collection, safe='')}/items/{quote(item_id, safe='')}")
    if as_json:
        print_json(shown)
    else:
        print_answer(*item_page(shown))
    return DONE


def item_page(item: dict[str, Any]) -> list[RenderableType]:
    """The parts that are printed of an Item, from top to bottom."""
    properties = item["properties"]
    overview = [
        ("id", item["id"]),
        ("collection", item.get("collection")),
        ("date", format_time(properties)),
        ("bbox", item.get("bbox")),
    ]
    others = ((name, properties[name]) for name in properties if name not in _SHOWN_ELSEWHERE)
    page: list[RenderableType] = [grid(overview), "", grid(others), "", _asset_table(item["assets"])]
    if properties.get("m2m:href_expires"):
        until = str(properties["m2m:href_expires"])[:16].replace("T", " ")
        page += ["", f"The hrefs are valid until {until} UTC; then request the Item again, or renew them at /sign."]
    return page


def _asset_table(assets: dict[str, dict[str, Any]]) -> Table:
    return table(
        ["asset", "title", "type", "size", "state"],
        [
            [Text(key, style="cyan"), plain(asset.get("title") or ""), _type(asset), _size(asset), _state(asset)]
            for key, asset in assets.items()
        ],
    )


def _type(asset: dict[str, Any]) -> Text:
    """The media type without parameters, or COG."""
    media_type, _, parameters = str(asset.get("type") or "").partition(";")
    return plain("COG" if "cloud-optimized" in parameters else media_type)


def _size(asset: dict[str, Any]) -> Text:
    size = asset.get("file:size")
    return plain(decimal(size) if isinstance(size, int) else "")


def _state(asset: dict[str, Any]) -> Text:
    """Whether the file is available at once, only after USGS has prepared it, or never, and then why."""
    if asset.get("m2m:unavailable"):
        return Text(plain(asset["m2m:unavailable"]).plain, style="red")
    if asset.get("order:status") == "orderable":
        return Text("USGS prepares it on request", style="yellow")
    return Text("ready", style="green")
