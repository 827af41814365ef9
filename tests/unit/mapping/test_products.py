"""The rows that apply to a product, and the product behind an asset key."""

from __future__ import annotations

import pytest

from stac_bridge.mapping import load_mappings
from stac_bridge.mapping.assets import FileStem, ProductRow
from stac_bridge.mapping.id_parts import parts_reader
from stac_bridge.mapping.products import ProductChoice, product_choice, product_rows

ROWS = {
    "D1": ProductRow(suffix=".code"),
    "D2": None,
    "tif": ProductRow(named="geotiff*", suffix=".tif"),
    "any_tif": ProductRow(named="*tiff*", suffix=".any"),
    "packed": ProductRow(named="scan of film", suffix=".tif.gz"),
    "image": ProductRow(named="scan of film", key="image", suffix=".tif"),
}


@pytest.mark.parametrize(
    ("code", "name", "suffixes"),
    [
        ("D1", "GeoTIFF", [".code"]),
        ("D9", "GeoTIFF 1 Arc-second", [".tif"]),
        ("D9", "A GEOTIFF", [".any"]),
        ("D9", "Scan of Film", [".tif.gz", ".tif"]),
        ("D9", "Something", []),
        ("D2", "GeoTIFF", None),
    ],
)
def test_rows_with_the_code_apply_before_those_with_the_longest_pattern(
    code: str, name: str, suffixes: list[str] | None
) -> None:
    rows = product_rows(ROWS, code, name)
    assert (rows and [row.suffix for row in rows]) == suffixes if suffixes else rows == suffixes


@pytest.mark.parametrize(
    ("key", "code", "name"),
    [("image", "D183", "Scan of film"), ("d183_standard_format", "D183", "Standard Format")],
)
def test_the_product_behind_a_key_is_found_among_those_of_the_scene(key: str, code: str, name: str) -> None:
    choice = product_choice(ROWS, key, "DS1117-2086DA017")
    assert choice.fits(code, name)
    assert not choice.fits("D555", "Camera report")


@pytest.mark.parametrize(("tile", "product"), [("SRTM1N05W163V2", "1 Arc-second"), ("SRTM3N07W006V2", "3 Arc-second")])
@pytest.mark.parametrize(("key", "kind"), [("elevation", "GeoTIFF"), ("dted", "DTED"), ("bil", "BIL")])
def test_a_tiles_product_has_the_spacing_of_the_tile(tile: str, product: str, key: str, kind: str) -> None:
    choice = product_choice(load_mappings().for_dataset("srtm_v2").products or {}, key, tile)
    assert choice.fits("D1", f"{kind} {product}")
    assert not choice.fits("D1", f"{kind} {'3' if product[0] == '1' else '1'} Arc-second")


def test_a_choice_by_code_ignores_names() -> None:
    assert ProductChoice("D1").fits("D1", "Any")
    assert not ProductChoice("D1").fits("D10", "D1")


@pytest.mark.parametrize("template", ["{", "A{b:x}", "{a}{"])
def test_a_broken_template_of_ids_is_rejected(template: str) -> None:
    with pytest.raises(ValueError, match="no template"):
        parts_reader(template)


def test_a_stem_with_an_unknown_part_is_rejected() -> None:
    with pytest.raises(ValueError, match="'row'"):
        FileStem(id_parts="SRTM{arc:1}*", stem="{row}")


def test_no_mapping_has_products_of_an_unknown_type() -> None:
    mappings = load_mappings()
    everyone = (*mappings.by_dataset.values(), *mappings.by_pattern, mappings.generic)
    rows = [row for mapping in everyone for row in (mapping.products or {}).values() if row]
    assert rows
    assert all(row.type and row.suffix for row in rows)
