"""What USGS tells its users, as this process knows it: asked for in the background, never while somebody waits."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

from stac_bridge.errors import UpstreamError
from stac_bridge.request_context import request_deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from stac_bridge.m2m.client import M2MClient
    from stac_bridge.m2m.models.notices import Message, Notification
    from stac_bridge.store import Store

__all__ = ["Notices"]

_log = logging.getLogger(__name__)

Told = TypeVar("Told")

_KEPT = 0.9
"""The part of the time between two askings for which workers share an answer, so that the next asking is a new one."""


class Notices:
    """The notices of the service and the messages about datasets of ``groups``, asked for every ``ttl`` seconds.

    Costs one call for the service and one for each catalog group; a ``ttl`` of 0 asks for none.
    """

    def __init__(self, m2m: M2MClient, store: Store, groups: Sequence[str], ttl: float) -> None:
        self._m2m = m2m
        self._store = store
        self._groups = groups
        self._ttl = ttl
        self._messages: dict[str, tuple[Message, ...]] = {}
        self.service: tuple[Notification, ...] = ()

    def about(self, datasets: Sequence[str]) -> tuple[Message, ...]:
        """What is said about these datasets, in their order."""
        wanted = {name.casefold(): place for place, name in enumerate(datasets)}
        every = (one for group in self._messages.values() for one in group if one.dataset.casefold() in wanted)
        return tuple(sorted(every, key=lambda one: wanted[one.dataset.casefold()]))

    async def stay_fresh(self, deadline: float) -> None:
        """Ask for ever, each time within ``deadline`` seconds."""
        while self._ttl > 0:
            with request_deadline(deadline):
                await self.refresh()
            await asyncio.sleep(self._ttl)

    async def refresh(self) -> None:
        """Ask now; what M2M does not tell stays as it was, because a notice is worth no trouble."""
        self.service = await self._asked("notices", self._m2m.notifications, self.service)
        for group in self._groups:
            before = self._messages.get(group, ())
            self._messages[group] = await self._asked(f"messages {group}", self._of(group), before)

    def _of(self, group: str) -> Callable[[], Awaitable[tuple[Message, ...]]]:
        return lambda: self._m2m.dataset_messages(group)

    async def _asked(self, key: str, ask: Callable[[], Awaitable[Told]], before: Told) -> Told:
        try:
            return await self._store.get_or_make(key, ask, ttl=_KEPT * self._ttl, size=lambda _told: 16_384)
        except UpstreamError as failed:
            _log.debug("USGS's %s: %s", key, failed)
            return before
