"""Helpers for STAC readers that know only older extensions than the ones our Items use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def for_stackstac(items: Iterable[Any]) -> list[dict[str, Any]]:
    """Return Items as dictionaries that stackstac places on their own grid, in their own CRS.

    pystac migrates ``proj:epsg`` to ``proj:code`` when it reads an Item, and stackstac reads only the former.
    Takes pystac Items, an ItemCollection or dictionaries, and does not modify them.

    >>> item = {"properties": {"proj:code": "EPSG:32610"}, "assets": {"pan": {"proj:code": None}}}
    >>> for_stackstac([item])[0]["properties"]["proj:epsg"]
    32610
    """
    return [_add_epsg(item if isinstance(item, dict) else item.to_dict(transform_hrefs=False)) for item in items]


def _add_epsg(item: dict[str, Any]) -> dict[str, Any]:
    assets = {key: {**asset, **_epsg(asset)} for key, asset in item["assets"].items()}
    return {**item, "properties": {**item["properties"], **_epsg(item["properties"])}, "assets": assets}


def _epsg(fields: dict[str, Any]) -> dict[str, int]:
    """Return ``proj:epsg`` for a ``proj:code`` of EPSG, or nothing."""
    authority, _, code = str(fields.get("proj:code")).partition(":")
    return {"proj:epsg": int(code)} if authority == "EPSG" and code.isdigit() else {}
