"""The arithmetic of WRS-2 against what is known of real scenes."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.overpasses import wrs2
from m2m_sandbox.archive.overpasses.sun import sun_at
from tests.support import raw_scene

REAL = [
    "LC80470272020339LGN00",
    "LC90100652022029LGN00",
    "LC80080592019335LGN00",
    "LC80170362013109LGN00",
    "LC80050092015191LGN00",
]


@pytest.mark.parametrize("entity_id", REAL)
def test_real_scenes_fall_on_their_days(entity_id: str) -> None:
    number = landsat().find(entity_id, "entityId")
    assert number is not None
    assert landsat().facts(number).entity_id == entity_id


def test_the_passes_close_after_233_paths() -> None:
    row = np.array(60.0)
    turn = wrs2.pass_days(np.array(234.0), row) - wrs2.pass_days(np.array(1.0), row)
    assert turn % 16 == pytest.approx(0, abs=1e-9)


def test_a_scene_is_where_and_when_it_really_was() -> None:
    real = raw_scene("landsat_ot_c2_l2")
    fields = {one["fieldName"]: one["value"] for one in real["metadata"]}
    number = landsat().find("LC80470272020339LGN00", "entityId")
    assert number is not None
    facts = landsat().facts(number)
    start, stop = (datetime.fromisoformat(f"{fields[name]}+00:00") for name in ("Start Time", "Stop Time"))
    assert abs((facts.middle - (start + (stop - start) / 2)).total_seconds()) < 1
    ours, theirs = shapely.Polygon(facts.grid.footprint), shapely.geometry.shape(real["spatialCoverage"])
    assert ours.intersection(theirs).area / ours.union(theirs).area > 0.95
    elevation, azimuth = facts.sun
    assert elevation == pytest.approx(float(fields["Sun Elevation L0RA"]), abs=0.1)
    assert azimuth == pytest.approx(float(fields["Sun Azimuth L0RA"]), abs=0.1)


def test_the_sun_stands_in_the_south_at_noon_in_europe() -> None:
    elevation, azimuth = sun_at(0.0, 50.0, datetime(2024, 6, 21, 12, 2, tzinfo=UTC))
    assert elevation == pytest.approx(63.4, abs=0.2)
    assert azimuth == pytest.approx(180, abs=1)


def test_footprints_lie_past_180_and_not_round_the_globe() -> None:
    archive = landsat()
    rings = [shapely.get_coordinates(ring)[:, 0] for ring in archive.tree.geometries]
    widths = np.array([ring.max() - ring.min() for ring in rings])
    assert widths.max() < 60
    assert any(ring.max() > 180 for ring in rings)
    assert any(ring.min() < -180 for ring in rings)
