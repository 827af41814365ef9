"""For readers that know less of STAC than the bridge says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["for_stackstac"]


def for_stackstac(items: Iterable[Any]) -> list[dict[str, Any]]:
    """Items as plain dictionaries that stackstac places on their own grid, in their own CRS.

    pystac turns ``proj:epsg`` into ``proj:code`` as it reads an Item, and stackstac knows the former alone.
    Takes pystac Items (an ItemCollection among them) or dictionaries; what is given stays as it is.

    >>> given = {"properties": {"proj:code": "EPSG:32610"}, "assets": {"pan": {"proj:code": None}}}
    >>> for_stackstac([given])[0]["properties"]["proj:epsg"]
    32610
    """
    return [_with_epsg(item if isinstance(item, dict) else item.to_dict(transform_hrefs=False)) for item in items]


def _with_epsg(item: dict[str, Any]) -> dict[str, Any]:
    assets = {key: {**asset, **_epsg(asset)} for key, asset in item["assets"].items()}
    return {**item, "properties": {**item["properties"], **_epsg(item["properties"])}, "assets": assets}


def _epsg(said: dict[str, Any]) -> dict[str, int]:
    authority, _, code = str(said.get("proj:code")).partition(":")
    return {"proj:epsg": int(code)} if authority == "EPSG" and code.isdigit() else {}
