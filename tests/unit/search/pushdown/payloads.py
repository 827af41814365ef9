"""Metadata filters as M2M is sent them."""

from __future__ import annotations

from typing import Any


def value(filter_id: str, text: str, operand: str = "=") -> dict[str, Any]:
    """One value of a dataset filter."""
    return {"filterType": "value", "filterId": filter_id, "value": text, "operand": operand}


def between(filter_id: str, first: int | str, second: int | str) -> dict[str, Any]:
    """A range of values of a dataset filter, both included."""
    return {"filterType": "between", "filterId": filter_id, "firstValue": first, "secondValue": second}
