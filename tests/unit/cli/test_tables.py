"""What tables say, of Items as they come from any STAC API."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from stac_bridge.cli.item import item_page
from stac_bridge.cli.item_table import items_table


def written(*answer: Any) -> str:
    console = Console(width=160, no_color=True)
    with console.capture() as taken:
        console.print(*answer, sep="\n")
    return taken.get()


def item(**more: Any) -> dict[str, Any]:
    return {"id": "one", "collection": "naip", "properties": {"datetime": "2022-06-30T12:00:00Z"}, "assets": {}, **more}


def test_a_column_that_says_nothing_is_left_out() -> None:
    (heading, _row) = written(items_table([item()])).splitlines()
    assert heading.split() == ["id", "date", "files"]
    cloudy = item(properties={"datetime": None, "eo:cloud_cover": 12.34})
    assert "12.3 %" in written(items_table([item(), cloudy]))


def test_collections_are_told_where_there_are_several() -> None:
    assert "corona2" in written(items_table([item(), item(collection="corona2")]))


def test_words_of_others_are_neither_markup_nor_commands_to_the_terminal() -> None:
    said = written(items_table([item(id="[red]a[/red]\x1b[2J\nb")]))
    assert "[red]a[/red] [2J b" in said


def test_an_asset_says_whether_it_is_ready() -> None:
    assets = {
        "red": {
            "href": "x",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "file:size": 2_000_000,
        },
        "film": {"href": "x", "order:status": "orderable"},
        "gone": {"href": "x", "m2m:unavailable": "USGS has lost it."},
    }
    lines = written(*item_page(item(assets=assets))).splitlines()
    told = {line.split()[0]: line for line in lines if line.split()[:1] and line.split()[0] in assets}
    assert "COG" in told["red"]
    assert "2.0 MB" in told["red"]
    assert "ready" in told["red"]
    assert "USGS prepares it" in told["film"]
    assert "USGS has lost it." in told["gone"]
