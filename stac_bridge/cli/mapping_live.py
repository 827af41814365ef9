"""Mappings beside what M2M says today, under the account of the settings; of the sandbox where there is none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from stac_bridge.cli.account import m2m_client
from stac_bridge.cli.drafts import draft, missing
from stac_bridge.cli.exit_codes import note
from stac_bridge.errors import BridgeError
from stac_bridge.m2m.filters import DatasetSearch, SceneSearch
from stac_bridge.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter
    from stac_bridge.m2m.models.scenes import Scene
    from stac_bridge.mapping import Mapping

__all__ = ["compared", "drafted"]

T = TypeVar("T")


def compared(mappings: Sequence[Mapping]) -> list[str]:
    """What mappings name and M2M does not have, in sentences. Raises BridgeError, ValidationError."""

    async def compare(client: M2MClient) -> list[str]:
        there, said = await _datasets(client), []
        for mapping in mappings:
            if mapping.dataset in there:
                filters, scene = await _looked_at(client, mapping.dataset)
                said += [f"{mapping.dataset}: {fault}." for fault in missing(mapping, filters, scene)]
        return said

    return _asked(compare)


def drafted(dataset: str) -> str:
    """A first mapping file of a dataset. Raises BridgeError, ValidationError."""

    async def write(client: M2MClient) -> str:
        there = await _datasets(client)
        if dataset not in there:
            raise BridgeError(f"M2M lists no dataset {dataset!r} for this account.")
        return draft(there[dataset], *await _looked_at(client, dataset))

    return _asked(write)


async def _datasets(client: M2MClient) -> dict[str, Dataset]:
    groups = [DatasetSearch(catalog=group) for group in Settings().catalogs]
    return {one.alias: one for group in groups for one in await client.dataset_search(group)}


async def _looked_at(client: M2MClient, dataset: str) -> tuple[tuple[DatasetFilter, ...], Scene | None]:
    filters = await client.dataset_filters(dataset)
    scenes = await client.scene_search(SceneSearch(dataset=dataset, max_results=1))
    return filters, next(iter(scenes.results), None)


def _asked(what: Callable[[M2MClient], Awaitable[T]]) -> T:
    async def asked() -> T:
        settings = Settings()
        if settings.embeds_sandbox:
            note("No account is set: this is what the sandbox says.")
        client = m2m_client(settings)
        try:
            return await what(client)
        finally:
            await client.logout()
            await client.aclose()

    return asyncio.run(asked())
