"""Files by the group: whole sets of band files asked for with one list of them [REFERENCE §8]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.datasets import datasets
from m2m_sandbox.downloads.options import file_groups_of, located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.api.accounts import Account

__all__ = ["in_groups", "is_file"]

Asked = dict[str, Any]


def in_groups(account: Account, group: dict[str, Any]) -> Iterator[Asked]:
    """The downloads that one of ``dataGroups`` stands for: of the files on its list, those of its file groups."""
    wanted = set(group.get("fileGroups") or ())
    label = {"label": group["label"]} if group.get("label") else {}
    for part in account.lists.parts(str(group.get("listId"))).values():
        for entity_id in part.entity_ids:
            product_id = _product_id(entity_id, wanted)
            if product_id:
                yield {"entityId": entity_id, "productId": product_id, **label}


def is_file(entity_id: str) -> bool:
    """Whether it is a file inside some scene's product."""
    return _product_id(entity_id, None) is not None


def _product_id(entity_id: str, wanted: set[str] | None) -> str | None:
    """The product by which a file can be had, in one of the groups that are wanted or in any."""
    for group_id, file in _grouped():
        ends = entity_id.upper().endswith("_" + file["name"].replace(".", "_").upper())
        for product_id in file["productIds"] if ends and (wanted is None or group_id in wanted) else ():
            if located(entity_id, product_id):
                return str(product_id)
    return None


def _grouped() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file of every group, with the group's id."""
    for one in datasets():
        for groups in (file_groups_of(one["datasetAlias"])["secondary"] or {}).values():
            for group_id, group in groups.items():
                yield from ((group_id, file) for file in group["files"])
