"""What USGS tells those who use M2M: notices about the service, messages about datasets [REFERENCE §10]."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from stac_bridge.m2m.models.values import Model, as_text

__all__ = ["Message", "Notification", "read_messages", "read_notifications"]

Words = Annotated[str | None, BeforeValidator(as_text)]

_MOST = 50
"""Notices that are read of one answer: people look at a few."""


class Notification(Model):
    """A notice about the service; ``text`` is HTML, ``severity`` a word such as Informational."""

    text: str = Field(alias="messageContent", min_length=1)
    subject: Words = None
    severity: Words = Field(None, alias="severityText")
    updated: Words = Field(None, alias="dateUpdated")


class Message(Model):
    """What is said about a dataset; ``text`` is HTML, ``code`` where USGS's own pages show it (``dataset-select``)."""

    dataset: str = Field(alias="datasetName", min_length=1)
    text: str = Field(alias="message", min_length=1)
    code: Words = Field(None, alias="messageCode")


def read_notifications(data: Any, _size: int = 0) -> tuple[Notification, ...]:
    """The ``data`` of notifications; what cannot be read is passed over."""
    return tuple(_readable(Notification, data if isinstance(data, list) else []))


def read_messages(data: Any, _size: int = 0) -> tuple[Message, ...]:
    """The ``data`` of dataset-messages, dataset → code → message; an empty map comes as a list."""
    groups = data.values() if isinstance(data, dict) else ()
    return tuple(one for group in groups if isinstance(group, dict) for one in _readable(Message, group.values()))


def _readable(model: type[Any], raws: Any) -> list[Any]:
    found = []
    for raw in list(raws)[:_MOST]:
        try:
            found.append(model.model_validate(raw))
        except ValidationError:
            continue
    return found
