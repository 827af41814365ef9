"""Tables of Items, which may come from any STAC API."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from stac_bridge.cli.commands.item import item_page
from stac_bridge.cli.output.item_table import items_table


def render(*parts: Any) -> str:
    console = Console(width=160, no_color=True)
    with console.capture() as capture:
        console.print(*parts, sep="\n")
    return capture.get()


def item(**members: Any) -> dict[str, Any]:
    return {
        "id": "one",
        "collection": "naip",
        "properties": {"datetime": "2022-06-30T12:00:00Z"},
        "assets": {},
        **members,
    }


def test_empty_columns_are_omitted() -> None:
    (heading, _row) = render(items_table([item()])).splitlines()
    assert heading.split() == ["id", "date", "files"]
    cloudy = item(properties={"datetime": None, "eo:cloud_cover": 12.34})
    assert "12.3 %" in render(items_table([item(), cloudy]))


def test_items_of_several_collections_have_a_collection_column() -> None:
    assert "corona2" in render(items_table([item(), item(collection="corona2")]))


def test_text_of_servers_is_neither_markup_nor_terminal_control() -> None:
    text = render(items_table([item(id="[red]a[/red]\x1b[2J\nb")]))
    assert "[red]a[/red] [2J b" in text


def test_the_state_of_each_asset_is_shown() -> None:
    assets = {
        "red": {
            "href": "x",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "file:size": 2_000_000,
        },
        "film": {"href": "x", "order:status": "orderable"},
        "gone": {"href": "x", "m2m:unavailable": "USGS has lost it."},
    }
    lines = render(*item_page(item(assets=assets))).splitlines()
    rows = {line.split()[0]: line for line in lines if line.split()[:1] and line.split()[0] in assets}
    assert "COG" in rows["red"]
    assert "2.0 MB" in rows["red"]
    assert "ready" in rows["red"]
    assert "USGS prepares it" in rows["film"]
    assert "USGS has lost it." in rows["gone"]
