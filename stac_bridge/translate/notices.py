"""Adds USGS's notices and messages to its users to the landing page and to Collections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stac_bridge.m2m.models.notices import Message, Notification
from stac_bridge.mapping.converters import zoned
from stac_bridge.translate.extensions import M2M_SCHEMA

_MAX_TEXT = 4000
"""Maximum number of characters of each text of a notice; the rest is cut off."""


def with_notifications(page: dict[str, Any], notifications: Sequence[Notification], base: str) -> dict[str, Any]:
    """Return a landing page with M2M's notifications; the same page if there are none.

    ``base`` is the API's address and ends with a slash.
    """
    return _with_notices(page, "m2m:notifications", [_notification(notice) for notice in notifications], base)


def with_messages(collection: dict[str, Any], messages: Sequence[Message], base: str) -> dict[str, Any]:
    """Return a Collection with the messages about its datasets; the same Collection if there are none.

    ``base`` is the API's address and ends with a slash.
    """
    return _with_notices(collection, "m2m:messages", [_message(message) for message in messages], base)


def _with_notices(document: dict[str, Any], name: str, notices: list[dict[str, str]], base: str) -> dict[str, Any]:
    with_text = [notice for notice in notices if "text" in notice]
    if not with_text:
        return document
    others = [url for url in document.get("stac_extensions", []) if not url.endswith(M2M_SCHEMA)]
    return {**document, "stac_extensions": [*others, f"{base}{M2M_SCHEMA}"], name: with_text}


def _notification(notice: Notification) -> dict[str, str]:
    return _members(subject=notice.subject, severity=notice.severity, text=notice.text, updated=zoned(notice.updated))


def _message(message: Message) -> dict[str, str]:
    return _members(dataset=message.dataset, code=message.code, text=message.text)


def _members(**texts: str | None) -> dict[str, str]:
    """Return the texts that are not empty."""
    return {name: text[:_MAX_TEXT] for name, text in texts.items() if text}
