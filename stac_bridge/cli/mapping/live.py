"""Compares mappings with M2M's datasets, and drafts new ones, with the account of the settings or the sandbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from stac_bridge.cli.account import m2m_client
from stac_bridge.cli.exit_codes import note
from stac_bridge.cli.mapping.drafts import draft, missing
from stac_bridge.errors import BridgeError
from stac_bridge.m2m.filters import DatasetSearch, SceneSearch
from stac_bridge.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter
    from stac_bridge.m2m.models.scenes import Scene
    from stac_bridge.mapping import Mapping

T = TypeVar("T")


def compare_with_m2m(mappings: Sequence[Mapping]) -> list[str]:
    """Sentences about labels in mappings that M2M does not have. Raises BridgeError, ValidationError."""

    async def compare(client: M2MClient) -> list[str]:
        datasets, faults = await _datasets(client), []
        for mapping in mappings:
            if mapping.dataset in datasets:
                filters, scene = await _filters_and_scene(client, mapping.dataset)
                faults += [f"{mapping.dataset}: {fault}." for fault in missing(mapping, filters, scene)]
        return faults

    return _run(compare)


def draft_mapping(dataset: str) -> str:
    """A first mapping file (YAML) for a dataset. Raises BridgeError, ValidationError."""

    async def write(client: M2MClient) -> str:
        datasets = await _datasets(client)
        if dataset not in datasets:
            raise BridgeError(f"M2M lists no dataset {dataset!r} for this account.")
        return draft(datasets[dataset], *await _filters_and_scene(client, dataset))

    return _run(write)


async def _datasets(client: M2MClient) -> dict[str, Dataset]:
    """Datasets by alias, of all catalog groups in the settings."""
    searches = [DatasetSearch(catalog=group) for group in Settings().catalogs]
    return {dataset.alias: dataset for search in searches for dataset in await client.dataset_search(search)}


async def _filters_and_scene(client: M2MClient, dataset: str) -> tuple[tuple[DatasetFilter, ...], Scene | None]:
    filters = await client.dataset_filters(dataset)
    scenes = await client.scene_search(SceneSearch(dataset=dataset, max_results=1))
    return filters, next(iter(scenes.results), None)


def _run(task: Callable[[M2MClient], Awaitable[T]]) -> T:
    async def run() -> T:
        settings = Settings()
        if settings.embeds_sandbox:
            note("No account is set: the result is about the sandbox.")
        client = m2m_client(settings)
        try:
            return await task(client)
        finally:
            await client.logout()
            await client.aclose()

    return asyncio.run(run())
