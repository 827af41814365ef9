"""Readers of older STAC extensions can read the Items."""

from __future__ import annotations

from typing import Any

import pystac
import pytest
import stackstac

from stac_bridge.client.compat import for_stackstac
from tests.unit.translate.test_item import translated

KEYS = ["red", "nir08", "qa_pixel"]


def as_pystac() -> pystac.ItemCollection:
    item = pystac.Item.from_dict(translated())
    item.clear_links()  # pystac would follow them
    return pystac.ItemCollection([item])


def grid_of(items: Any) -> tuple[Any, ...]:
    # Landsat's pixels lie half a pixel off the multiples of their size, which stackstac snaps to by default.
    stack = stackstac.stack(items, assets=KEYS, snap_bounds=False)
    assert list(stack.band.values) == KEYS
    return int(stack.epsg), stack.shape[-2:], tuple(stack.transform)[:6]


NATIVE = (32610, (7971, 7861), (30.0, 0.0, 353685.0, 0.0, -30.0, 5374215.0))


def test_stackstac_stacks_dictionaries_on_the_native_grid() -> None:
    assert grid_of([translated()]) == NATIVE


def test_stackstac_stacks_pystac_items_on_the_native_grid_through_the_helper() -> None:
    assert grid_of(for_stackstac(as_pystac())) == NATIVE


def test_stackstac_cannot_stack_pystac_items_without_the_helper() -> None:
    with pytest.raises(ValueError, match="CRS"):
        grid_of(as_pystac())


def test_the_helper_preserves_scale_and_offset() -> None:
    (item,) = for_stackstac(as_pystac())
    (band,) = item["assets"]["red"]["raster:bands"]
    assert (band["scale"], band["offset"]) == (0.0000275, -0.2)


def test_the_helper_does_not_modify_its_input() -> None:
    original = {"properties": {"proj:code": "EPSG:32610"}, "assets": {"red": {"href": "x"}}}
    (converted,) = for_stackstac([original])
    assert converted["properties"]["proj:epsg"] == 32610
    assert original == {"properties": {"proj:code": "EPSG:32610"}, "assets": {"red": {"href": "x"}}}


def test_a_crs_without_an_epsg_code_gets_none() -> None:
    (converted,) = for_stackstac([{"properties": {"proj:code": None}, "assets": {}}])
    assert "proj:epsg" not in converted["properties"]
