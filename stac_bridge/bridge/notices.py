"""USGS's notices to its users, requested in the background, never while a request waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from stac_bridge.errors import UpstreamError
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.models.notices import Message, Notification
from stac_bridge.request_context import request_deadline
from stac_bridge.store import Store

_log = logging.getLogger(__name__)

T = TypeVar("T")

_SHARED_PART = 0.9
"""Part of the interval for which workers share an answer; below 1, so that the next refresh gets a new one."""

_NOTICE_BYTES = 16_384
"""Bytes that an answer takes in memory, roughly."""


class Notices:
    """The notices of the service, and the messages about datasets of ``groups``, refreshed every ``ttl`` seconds.

    A refresh costs one call for the service and one for each catalog group; a ``ttl`` of 0 requests none.
    """

    def __init__(self, m2m: M2MClient, store: Store, groups: Sequence[str], ttl: float) -> None:
        self._m2m = m2m
        self._store = store
        self._groups = groups
        self._ttl = ttl
        self._messages: dict[str, tuple[Message, ...]] = {}
        self.service: tuple[Notification, ...] = ()

    def about(self, datasets: Sequence[str]) -> tuple[Message, ...]:
        """Return the messages about these datasets, in their order."""
        positions = {name.casefold(): position for position, name in enumerate(datasets)}
        messages = [
            message for group in self._messages.values() for message in group if message.dataset.casefold() in positions
        ]
        return tuple(sorted(messages, key=lambda message: positions[message.dataset.casefold()]))

    async def refresh_forever(self, deadline: float) -> None:
        """Refresh every ``ttl`` seconds; each refresh may take ``deadline`` seconds."""
        while self._ttl > 0:
            with request_deadline(deadline):
                await self.refresh()
            await asyncio.sleep(self._ttl)

    async def refresh(self) -> None:
        """Request all notices; those that M2M does not return stay as they were, because notices are optional."""
        self.service = await self._request("notices", self._m2m.notifications, self.service)
        for group in self._groups:
            before = self._messages.get(group, ())
            self._messages[group] = await self._request(f"messages {group}", self._messages_of(group), before)

    def _messages_of(self, group: str) -> Callable[[], Awaitable[tuple[Message, ...]]]:
        return lambda: self._m2m.dataset_messages(group)

    async def _request(self, key: str, request: Callable[[], Awaitable[T]], before: T) -> T:
        try:
            return await self._store.get_or_make(
                key, request, ttl=_SHARED_PART * self._ttl, size=lambda _value: _NOTICE_BYTES
            )
        except UpstreamError as error:
            _log.debug("USGS's %s: %s", key, error)
            return before
