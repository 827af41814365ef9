"""The whole filter, tried again on an Item: what M2M could only say coarsely is made exact here."""

from __future__ import annotations

from typing import Any

import cql2

__all__ = ["Residual"]


class Residual:
    """A CQL2 filter, parsed once."""

    def __init__(self, said: dict[str, Any]) -> None:
        self._expression = cql2.Expr(said)

    def keeps(self, item: dict[str, Any]) -> bool:
        """Whether the Item matches. What is unknown (a missing property, no geometry) does not match."""
        try:
            return bool(self._expression.matches(item))
        except Exception:  # noqa: BLE001 -- cql2 raises bare Exception where a value is missing: CQL2's null
            return False
