"""What chance decides of every pass: cloud, tier and the like, always the same for the same place and day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.archive.hashing import mixed, mixed_one
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY, Timetable
from m2m_sandbox.archive.search import UNKNOWN

__all__ = ["Chance", "cloud_at", "cloud_of", "made_anew", "traits_of"]

_REMADE = date(2020, 8, 20)
"""Collection 2 was made of all that there was in the weeks from this day on."""

_WHOLE = 1 << 18
"""More scenes than these, and it pays to remember all of the archive's."""

Words = NDArray[np.uint64]


def _clouds() -> NDArray[np.uint16]:
    """Hundredths of a percent by 16 bits of chance: many clear scenes, many overcast."""
    return np.minimum(10000, (np.arange(65536) / 65536) ** 1.7 * 10800).astype(np.uint16)


_CLOUDS = _clouds()


def cloud_of(bits: Words) -> NDArray[np.uint16]:
    """Cloud cover in hundredths of a percent, UNKNOWN for one scene in 256."""
    known = bits >> np.uint64(48) & np.uint64(0xFF) != 0
    return np.where(known, _CLOUDS[bits >> np.uint64(32) & np.uint64(0xFFFF)], np.uint16(UNKNOWN))


def cloud_at(bits: int) -> int | None:
    """The same for one scene, None where it is not known."""
    return int(_CLOUDS[bits >> 32 & 0xFFFF]) if bits >> 48 & 0xFF else None


def traits_of(bits: Words) -> NDArray[np.uint8]:
    """Packed in a byte: 1 for Tier 2, 2 for a scene without thermal bands, 4 for an odd one, and the wait times 8."""
    second = (bits >> np.uint64(8) & np.uint64(0xF)) == 0
    blind = (bits >> np.uint64(20) & np.uint64(0x1FF)) == 0
    odd, wait = bits & np.uint64(1), (bits >> np.uint64(12)) % np.uint64(14)
    return np.asarray(second + 2 * blind + 4 * odd + 8 * wait, np.uint8)


def made_anew(day: date, wait: int) -> date:
    """The day on which a product was made: days after it was taken, but never before Collection 2 began."""
    return day + timedelta(days=3 + wait) if day >= _REMADE else _REMADE + timedelta(days=7 * wait)


class Chance:
    """Of the passes of a timetable; ``seeds`` are two whole numbers of each place."""

    def __init__(self, table: Timetable, seeds: tuple[NDArray[Any], NDArray[Any]]) -> None:
        self._table, self._seeds = table, seeds

    def bits_of(self, place: int, day: int) -> int:
        """64 bits for one pass."""
        first, second = self._seeds
        return mixed_one(int(first[place]), int(second[place]), 9 + day)

    def bits(self, numbers: NDArray[Any]) -> Words:
        """64 bits for each pass."""
        (first, second), (index, entries) = self._seeds, self._table.entries(numbers)
        place = self._table.places[entries]
        return mixed(first[place], second[place], 9 + self._table.days[index])

    def cloud(self, numbers: NDArray[Any] | slice) -> NDArray[np.uint16]:
        """Of some passes, or of a run of them."""
        if isinstance(numbers, slice):
            if numbers.stop - numbers.start > _WHOLE:
                return self._all[0][numbers]
            numbers = np.arange(numbers.start, numbers.stop)
        return self._all[0][numbers] if len(numbers) > _WHOLE else cloud_of(self.bits(numbers))

    def traits(self, numbers: NDArray[Any]) -> NDArray[np.uint8]:
        """Of some passes."""
        return self._all[1][numbers] if len(numbers) > _WHOLE else traits_of(self.bits(numbers))

    def made(self, numbers: NDArray[Any]) -> NDArray[np.datetime64]:
        """When the products of some passes were made."""
        days = np.datetime64(EPOCH_DAY, "D") + self._table.days[self._table.entries(numbers)[0]]
        wait = (self.traits(numbers) >> 3).astype(int)
        return np.where(days >= np.datetime64(_REMADE), days + 3 + wait, np.datetime64(_REMADE, "D") + 7 * wait)

    @cached_property
    def _all(self) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        """Clouds and traits of all passes: three bytes a scene, worked out in parts to stay small."""
        cloud, traits = np.empty(len(self._table), np.uint16), np.empty(len(self._table), np.uint8)
        for start in range(0, len(cloud), _WHOLE):
            part = slice(start, min(start + _WHOLE, len(cloud)))
            bits = self.bits(np.arange(part.start, part.stop))
            cloud[part], traits[part] = cloud_of(bits), traits_of(bits)
        return cloud, traits
