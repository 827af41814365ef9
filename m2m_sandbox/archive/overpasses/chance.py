"""The random properties of each pass (cloud, tier and so on), which are always the same for a place and day.

They come from 64 random bits of the pass: bits 8 to 11 decide the tier, 12 and up the processing delay, 20 to 28
whether thermal bands exist, 32 to 47 the cloud cover, 48 to 55 whether that is known.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.archive.hashing import mix_bits, mix_bits_scalar
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY, Timetable
from m2m_sandbox.archive.search import UNKNOWN

_COLLECTION_2_START = date(2020, 8, 20)
"""In the weeks from this day on, USGS reprocessed the whole archive as Collection 2."""

_PRECOMPUTE_THRESHOLD = 1 << 18
"""Requests for more scenes than this use arrays precomputed for the whole archive."""

Words = NDArray[np.uint64]


def _cloud_table() -> NDArray[np.uint16]:
    """Cloud cover in hundredths of a percent by 16 random bits: many clear scenes, many overcast ones."""
    return np.minimum(10000, (np.arange(65536) / 65536) ** 1.7 * 10800).astype(np.uint16)


_CLOUD_TABLE = _cloud_table()


def cloud_of(bits: Words) -> NDArray[np.uint16]:
    """Return cloud cover in hundredths of a percent; UNKNOWN for one scene in 256."""
    known = bits >> np.uint64(48) & np.uint64(0xFF) != 0
    return np.where(known, _CLOUD_TABLE[bits >> np.uint64(32) & np.uint64(0xFFFF)], np.uint16(UNKNOWN))


def cloud_at(bits: int) -> int | None:
    """Return the cloud cover of a single scene, or None if unknown."""
    return int(_CLOUD_TABLE[bits >> 32 & 0xFFFF]) if bits >> 48 & 0xFF else None


def traits_of(bits: Words) -> NDArray[np.uint8]:
    """Pack traits into a byte: 1 Tier 2, 2 no thermal bands, 4 lowest bit set, plus 8 times the processing delay."""
    tier_2 = (bits >> np.uint64(8) & np.uint64(0xF)) == 0
    no_thermal = (bits >> np.uint64(20) & np.uint64(0x1FF)) == 0
    odd, delay = bits & np.uint64(1), (bits >> np.uint64(12)) % np.uint64(14)
    return np.asarray(tier_2 + 2 * no_thermal + 4 * odd + 8 * delay, np.uint8)


def processing_date(day: date, delay: int) -> date:
    """Return the day on which a product was made: days after acquisition, but not before Collection 2 began."""
    return (
        day + timedelta(days=3 + delay)
        if day >= _COLLECTION_2_START
        else _COLLECTION_2_START + timedelta(days=7 * delay)
    )


def bits_on(seeds: tuple[NDArray[Any], NDArray[Any]], days: NDArray[Any] | int) -> Words:
    """Return 64 bits for each pass: ``seeds`` are two integers for its place, ``days`` the day or the day of each."""
    return mix_bits(*seeds, np.asarray(9 + days))


class Chance:
    """The random bits of a timetable's passes; ``seeds`` are two integers for each place."""

    def __init__(self, table: Timetable, seeds: tuple[NDArray[Any], NDArray[Any]]) -> None:
        self._table, self._seeds = table, seeds

    def bits_of(self, place: int, day: int) -> int:
        """Return 64 bits for one pass."""
        first, second = self._seeds
        return mix_bits_scalar(int(first[place]), int(second[place]), 9 + day)

    def bits(self, numbers: NDArray[Any]) -> Words:
        """Return 64 bits for each pass."""
        (first, second), (index, entries) = self._seeds, self._table.entries(numbers)
        place = self._table.places[entries]
        return bits_on((first[place], second[place]), self._table.days[index])

    def cloud(self, numbers: NDArray[Any] | slice) -> NDArray[np.uint16]:
        """Return the cloud cover of passes, given as numbers or as a range of numbers."""
        if isinstance(numbers, slice):
            if numbers.stop - numbers.start > _PRECOMPUTE_THRESHOLD:
                return self._all_passes[0][numbers]
            numbers = np.arange(numbers.start, numbers.stop)
        return self._all_passes[0][numbers] if len(numbers) > _PRECOMPUTE_THRESHOLD else cloud_of(self.bits(numbers))

    def traits(self, numbers: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the packed traits of passes."""
        return self._all_passes[1][numbers] if len(numbers) > _PRECOMPUTE_THRESHOLD else traits_of(self.bits(numbers))

    def processing_dates(self, numbers: NDArray[Any]) -> NDArray[np.datetime64]:
        """Return the days on which the products of passes were made."""
        days = np.datetime64(EPOCH_DAY, "D") + self._table.days[self._table.entries(numbers)[0]]
        delay = (self.traits(numbers) >> 3).astype(int)
        return np.where(
            days >= np.datetime64(_COLLECTION_2_START),
            days + 3 + delay,
            np.datetime64(_COLLECTION_2_START, "D") + 7 * delay,
        )

    @cached_property
    def _all_passes(self) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        """Cloud cover and traits of all passes: three bytes per scene, computed in chunks to limit memory."""
        cloud, traits = np.empty(len(self._table), np.uint16), np.empty(len(self._table), np.uint8)
        for start in range(0, len(cloud), _PRECOMPUTE_THRESHOLD):
            part = slice(start, min(start + _PRECOMPUTE_THRESHOLD, len(cloud)))
            bits = self.bits(np.arange(part.start, part.stop))
            cloud[part], traits[part] = cloud_of(bits), traits_of(bits)
        return cloud, traits
