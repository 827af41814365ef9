"""What USGS tells its users → fields of the landing page and of Collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stac_bridge.mapping.converters import zoned
from stac_bridge.translate.extensions import M2M_SCHEMA
from stac_bridge.translate.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stac_bridge.m2m.models.notices import Message, Notification

__all__ = ["with_messages", "with_notifications"]

_LONGEST = 4000
"""Characters of a notice that are shown."""


def with_notifications(said: dict[str, Any], notices: Sequence[Notification], base: str) -> dict[str, Any]:
    """A landing page with the notices of the service; itself where there are none."""
    return _with(said, "m2m:notifications", [_notification(one) for one in notices], base)


def with_messages(said: dict[str, Any], messages: Sequence[Message], base: str) -> dict[str, Any]:
    """A Collection with what is said about its datasets; itself where nothing is. ``base`` ends with a slash."""
    return _with(said, "m2m:messages", [_message(one) for one in messages], base)


def _with(said: dict[str, Any], name: str, notices: list[dict[str, str]], base: str) -> dict[str, Any]:
    told = [one for one in notices if "text" in one]
    if not told:
        return said
    extensions = [one for one in said.get("stac_extensions", []) if not one.endswith(M2M_SCHEMA)]
    return {**said, "stac_extensions": [*extensions, f"{base}{M2M_SCHEMA}"], name: told}


def _notification(one: Notification) -> dict[str, str]:
    return _known(subject=one.subject, severity=one.severity, text=one.text, updated=zoned(one.updated))


def _message(one: Message) -> dict[str, str]:
    return _known(dataset=one.dataset, code=one.code, text=one.text)


def _known(**said: str | None) -> dict[str, str]:
    """Words without markup; what is empty is left out."""
    words = {name: plain(text) for name, text in said.items()}
    return {name: text[:_LONGEST] for name, text in words.items() if text}
