"""File groups: request whole sets of band files by one scene list of them [REFERENCE §8]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.datasets import datasets
from m2m_sandbox.downloads.band_files import dataset_file_groups
from m2m_sandbox.downloads.options import locate_product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.api.accounts import Account

DownloadInput = dict[str, Any]
"""An item of ``downloads`` in download-request: entityId, productId and perhaps label."""


def expand_data_group(account: Account, group: dict[str, Any]) -> Iterator[DownloadInput]:
    """Yield the downloads of an item of ``dataGroups``: the files of its list that are in its file groups."""
    group_ids = set(group.get("fileGroups") or ())
    label = {"label": group["label"]} if group.get("label") else {}
    for part in account.lists.parts(str(group.get("listId"))).values():
        for entity_id in part.entity_ids:
            product_id = _product_id(entity_id, group_ids)
            if product_id:
                yield {"entityId": entity_id, "productId": product_id, **label}


def is_band_file(entity_id: str) -> bool:
    """Return whether an entity id is that of a file inside a scene's product."""
    return _product_id(entity_id, None) is not None


def _product_id(entity_id: str, group_ids: set[str] | None) -> str | None:
    """Return the product that delivers a file, if the file is in one of these groups (None for any group)."""
    for group_id, file in _files_by_group():
        matches = _plain(entity_id).endswith("_" + _plain(file["name"]))
        for product_id in file["productIds"] if matches and (group_ids is None or group_id in group_ids) else ():
            if locate_product(entity_id, product_id):
                return str(product_id)
    return None


def _plain(name: str) -> str:
    """Return an id or file name as most entity ids are written: in upper case, without dots."""
    return name.replace(".", "_").upper()


def _files_by_group() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the id of each group of each dataset with each of its files."""
    for entry in datasets():
        for groups in (dataset_file_groups(entry["datasetAlias"])["secondary"] or {}).values():
            for group_id, group in groups.items():
                yield from ((group_id, file) for file in group["files"])
