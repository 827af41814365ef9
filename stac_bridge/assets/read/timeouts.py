"""How long delivery waits for those who have the bytes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PATIENT", "Patience"]


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds.

    ``pause`` goes before asking a host again, four times as long before the next time; a reader in the middle of a
    file waits at most ``busy`` for a host that is busy. ``arriving`` is what a reader waits for bytes that are still
    to be spooled, before being told to come back. A URL that answered is taken to answer for ``sure``: nobody is sent
    to a dead one for longer.
    """

    pause: float = 0.1
    busy: float = 5
    arriving: float = 5
    sure: float = 10


PATIENT = Patience()
"""What holds where nothing else is said."""
