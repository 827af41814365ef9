"""USGS's announcements: notices about the service, messages about datasets [REFERENCE §10]."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, ValidationError

from stac_bridge.m2m.models.text import plain_text
from stac_bridge.m2m.models.values import Line, M2MModel, Text, as_text

_MAX_NOTICES = 50
"""Notices read from one response: people look at a few."""

_PlainText = Annotated[str, BeforeValidator(lambda value: plain_text(as_text(value)) or "")]


class Notification(M2MModel):
    """A notice about the service; ``text`` is plain, ``severity`` a word such as Informational."""

    text: _PlainText = Field(alias="messageContent", min_length=1)
    subject: Line = None
    severity: Line = Field(None, alias="severityText")
    updated: Text = Field(None, alias="dateUpdated")


class Message(M2MModel):
    """A message about a dataset; ``text`` is plain, ``code`` the page of USGS that shows it (``dataset-select``)."""

    dataset: str = Field(alias="datasetName", min_length=1)
    text: _PlainText = Field(alias="message", min_length=1)
    code: Line = Field(None, alias="messageCode")


def read_notifications(data: Any, _size: int = 0) -> tuple[Notification, ...]:
    """Read the ``data`` of notifications; unreadable ones are skipped."""
    return tuple(_readable(Notification, data if isinstance(data, list) else []))


def read_messages(data: Any, _size: int = 0) -> tuple[Message, ...]:
    """Read the ``data`` of dataset-messages (dataset → code → message); an empty map comes as a list."""
    groups = data.values() if isinstance(data, dict) else ()
    return tuple(
        message for group in groups if isinstance(group, dict) for message in _readable(Message, group.values())
    )


M = TypeVar("M", bound=M2MModel)


def _readable(model: type[M], values: Iterable[Any]) -> list[M]:
    notices = []
    for value in islice(values, _MAX_NOTICES):
        try:
            notices.append(model.model_validate(value))
        except ValidationError:
            continue
    return notices
