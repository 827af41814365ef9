"""What a payload says. Keys that M2M does not know are not looked at, as M2M does not [REFERENCE §2]."""

from __future__ import annotations

from typing import Any

from m2m_sandbox.api.errors import Refusal
from m2m_sandbox.archive.datasets import name_of

__all__ = ["Payload", "dataset_of", "ids_of", "number_of", "required"]

Payload = dict[str, Any]


def required(said: Payload, key: str) -> str:
    """A text that must be there. Raises Refusal."""
    if not said.get(key):
        raise Refusal("INPUT_PARAMETER_INVALID", f"{key} is required")
    return str(said[key])


def dataset_of(said: Payload) -> str:
    """The alias of the dataset that is asked about. Raises Refusal."""
    return name_of(required(said, "datasetName"))


def ids_of(said: Payload) -> list[str]:
    """``entityIds`` as a list or as text with commas, or one ``entityId``."""
    given = said.get("entityIds") or said.get("entityId") or []
    return given.split(",") if isinstance(given, str) else [str(one) for one in given]


def number_of(said: Payload, key: str, otherwise: int) -> int:
    """A whole number, which may be text. Raises Refusal."""
    try:
        return int(said.get(key) or otherwise)
    except (TypeError, ValueError):
        raise Refusal("INPUT_PARAMETER_INVALID", f"{key} must be a number") from None
