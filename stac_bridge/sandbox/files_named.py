"""Which scene, or which file, a name in a URL means."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from stac_bridge.sandbox.holdings import archive_of, datasets, form_of
from stac_bridge.sandbox.landsat import Landsat, SceneFacts
from stac_bridge.sandbox.product_files import landsat_file, whole_product

if TYPE_CHECKING:
    from stac_bridge.sandbox.content import Content
    from stac_bridge.sandbox.queued import Queued

__all__ = ["browsed", "file_of", "landsat_scene"]


@lru_cache(maxsize=1)
def _landsats() -> list[Landsat]:
    archives = (archive_of(one["datasetAlias"]) for one in datasets())
    return [one for one in archives if isinstance(one, Landsat)]


def landsat_scene(display_id: str) -> SceneFacts | None:
    """The facts of a Landsat product."""
    for archive in _landsats():
        number = archive.find(display_id, "displayId")
        if number is not None:
            return archive.facts(number)
    return None


def browsed(product_id: str) -> tuple[Landsat, int] | None:
    """The scene whose picture is asked for: by its Level-1 product, as all browse addresses have it, or its own."""
    for field in ("level1", "displayId"):
        for archive in _landsats():
            number = archive.find(product_id, field)
            if number is not None:
                return archive, number
    return None


def file_of(queued: Queued) -> tuple[str, Content]:
    """Name and content of what was asked for: a file inside a Landsat product, or a product that is one file."""
    archive, product = archive_of(queued.dataset), queued.product
    assert archive is not None  # noqa: S101 -- what is queued was located in an archive
    if isinstance(archive, Landsat):
        facts = archive.facts(queued.number)
        if product["entityId"] != facts.entity_id:  # dds gives recent band files, too
            return product["displayId"], landsat_file(facts, product["downloadName"])
        return whole_product(archive, queued.number, "bundle")
    return whole_product(archive, queued.number, form_of(queued.dataset, product["id"]))
