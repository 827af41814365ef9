"""Readers for request payloads. Unknown keys are ignored, as M2M ignores them [REFERENCE §2]."""

from __future__ import annotations

from typing import Any

from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.archive.datasets import name_of

Payload = dict[str, Any]


def required_text(payload: Payload, key: str) -> str:
    """Return a required value as text. Raises EndpointError if it is missing or empty."""
    if not payload.get(key):
        raise EndpointError("INPUT_PARAMETER_INVALID", f"{key} is required")
    return str(payload[key])


def dataset_alias(payload: Payload) -> str:
    """Return the alias of the dataset in ``datasetName``. Raises EndpointError if it is missing or unknown."""
    return name_of(required_text(payload, "datasetName"))


def entity_ids(payload: Payload) -> list[str]:
    """Return ``entityIds``, a list or comma-separated text, or else the single ``entityId``."""
    ids = payload.get("entityIds") or payload.get("entityId") or []
    return ids.split(",") if isinstance(ids, str) else [str(entity_id) for entity_id in ids]


def whole_number(payload: Payload, key: str, default: int) -> int:
    """Return an integer, which M2M also accepts as text. Raises EndpointError if it is neither."""
    try:
        return int(payload.get(key) or default)
    except (TypeError, ValueError):
        raise EndpointError("INPUT_PARAMETER_INVALID", f"{key} must be a number") from None
