"""Which passes of an archive's newest day have arrived: those whose pictures a first look should meet.

An archive is listed newest first, so the first page of its scenes is what most people see of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.archive.overpasses import wrs2
from m2m_sandbox.archive.overpasses.chance import bits_on, cloud_of
from m2m_sandbox.archive.overpasses.land import is_inland
from m2m_sandbox.archive.overpasses.sun import elevations
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from m2m_sandbox.archive.overpasses.timetable import Mission

MIN_SUN_ELEVATION, MAX_CLOUD = 25.0, 2500
"""Degrees, and hundredths of a percent."""


def arrived_passes(
    centers: tuple[NDArray[np.float64], NDArray[np.float64]],
    passes: NDArray[np.float64],
    missions: Sequence[Mission],
    seeds: tuple[NDArray[Any], NDArray[Any]],
) -> NDArray[np.bool_]:
    """Return the places that are inland, lit and rather clear on the last day of the missions.

    ``centers`` are longitudes and latitudes, ``passes`` the times of a timetable, ``seeds`` those of its chances.
    """
    day = (max(mission.end for mission in missions) - EPOCH_DAY).days - 1
    lit = elevations(*centers, wrs2.EPOCH, day + passes % 1) >= MIN_SUN_ELEVATION
    clear = cloud_of(bits_on(seeds, day)) <= MAX_CLOUD
    return np.asarray(is_inland(*centers) & lit & clear)
