"""The landscape stays put, whichever way it is looked at; what a day brings passes over it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from m2m_sandbox.archive.landsat.grid import projector
from m2m_sandbox.archive.small.frame import Frame
from m2m_sandbox.pixels.landscape.clouds import sky
from m2m_sandbox.pixels.landscape.spectra import kelvin, surface
from m2m_sandbox.pixels.landscape.terrain import terrain
from m2m_sandbox.pixels.landscape.view import View, tile_view, weather_of
from m2m_sandbox.pixels.quality import quality
from m2m_sandbox.pixels.window import of_ring, of_tile
from tests.unit.m2m_sandbox.scene import Scene

pytestmark = [pytest.mark.slow, pytest.mark.long]

LARGE = (7600, 7700)
PLACES = [(7.0, 46.5), (-93.5, 41.6), (25.0, 27.0), (-60.0, -3.0), (20.0, 62.0), (140.0, -30.0)]


def seen(scene: Scene, level: int = 0, column: int = 0, row: int = 0) -> View:
    return tile_view(scene, scene.grid, level, column, row)  # type: ignore[arg-type]


def nearest(scene: Scene, longitude: np.ndarray, latitude: np.ndarray, band: str) -> np.ndarray:
    """A band of a scene's first tile at places, by their nearest pixels."""
    grid = scene.grid
    x, y = projector(grid.crs).transform(longitude, latitude)
    columns, rows = (
        np.rint(part).astype(int) for part in ((x - grid.west) / grid.pixel, (grid.north - y) / grid.pixel)
    )
    assert columns.min() >= 0
    assert columns.max() < 256
    assert rows.min() >= 0
    assert rows.max() < 256
    return np.asarray(surface(seen(scene), band)[rows, columns])


def spot(scene: Scene, fraction: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """The centres of pixels near the middle of a scene's first tile."""
    grid = scene.grid
    steps = np.arange(int(128 - fraction * 128), int(128 + fraction * 128))
    x, y = np.meshgrid(grid.west + grid.pixel * steps, grid.north - grid.pixel * steps)
    longitude, latitude = projector(grid.crs).transform(x, y, direction="INVERSE")
    return np.asarray(longitude), np.asarray(latitude)


@pytest.mark.parametrize("band", ["red", "nir"])
def test_a_place_reads_the_same_from_overlapping_scenes_of_a_day(band: str) -> None:
    """To two thousandths at the median, half a hundredth for nine pixels in ten; the rest lie where fields meet."""
    one = Scene(cloud=0, size=(256, 256))
    other = Scene(cloud=0, size=(256, 256), place=(7.02, 46.49))
    places = spot(one)
    difference = np.abs(nearest(one, *places, band) - nearest(other, *places, band))
    assert np.median(difference) < 0.002
    assert np.quantile(difference, 0.9) < 0.005


@pytest.mark.parametrize("band", ["red", "nir"])
def test_a_place_reads_the_same_from_neighbouring_zones(band: str) -> None:
    """To three thousandths at the median; where fields meet, pixels of a turned grid lie up to half a pixel off."""
    west = Scene(cloud=0, size=(256, 256), place=(6.0, 46.5), crs=32631)
    east = Scene(cloud=0, size=(256, 256), place=(6.0, 46.5), crs=32632)
    places = spot(west)
    difference = np.abs(nearest(west, *places, band) - nearest(east, *places, band))
    assert np.median(difference) < 0.003
    assert np.quantile(difference, 0.9) < 0.06


@pytest.mark.parametrize("place", PLACES)
def test_an_overview_reads_as_the_mean_of_its_pixels(place: tuple[float, float]) -> None:
    """To two hundredths at the median and two thousandths in the mean: octaves fade instead of averaging."""
    scene = Scene(cloud=0, size=(1024, 1024), place=place, crs=32601 + int((place[0] + 180) // 6))
    coarse = surface(seen(scene, 2), "red")
    fine = np.block([[surface(seen(scene, 0, column, row), "red") for column in range(4)] for row in range(4)])
    means = fine.reshape(256, 4, 256, 4).mean((1, 3))
    assert np.median(np.abs(coarse - means)) < 0.02
    assert abs(float((coarse - means).mean())) < 0.002


def test_tiles_join_without_a_seam() -> None:
    scene = Scene(cloud=3000, size=(512, 512))
    left, right = (surface(seen(scene, 0, column, 0), "nir") for column in (0, 1))
    across = np.abs(right[:, 0] - left[:, -1])
    within = np.abs(left[:, -1] - left[:, -2])
    assert across.mean() < 1.5 * within.mean() + 0.002


def test_the_map_closes_at_the_180th_meridian() -> None:
    grids = [Scene(place=(place, 65.0), crs=epsg, cloud=0).grid for place, epsg in ((179.98, 32660), (-179.98, 32601))]
    heights = [terrain(of_tile(grid, 0, 0, 0)).height for grid in grids]
    assert all(np.isfinite(height).all() and height.std() > 0 for height in heights)
    ring = np.array([(179.99, 65.0), (180.01, 65.0), (180.01, 64.99), (179.99, 64.99)])
    turned = ring - [360, 0]
    one, other = (terrain(of_ring(corners, 64, 64)).height for corners in (ring, turned))
    assert np.allclose(one, other, atol=0.01)


def days(place: tuple[float, float], *months: int) -> list[Scene]:
    zone = 32601 + int((place[0] + 180) // 6)
    return [
        Scene(cloud=0, size=LARGE, place=place, crs=zone, middle=datetime(2024, month, 15, 10, tzinfo=UTC))
        for month in months
    ]


def test_july_is_greener_than_april_and_april_than_january_in_the_north() -> None:
    green = []
    for scene in days((7.0, 46.5), 1, 4, 7):
        shown = seen(scene, 3, 1, 1)
        red, infrared = surface(shown, "red"), surface(shown, "nir")
        green.append(float(np.median((infrared - red) / (infrared + red))))
    assert all(later - earlier > 0.05 for earlier, later in pairwise(green))


def test_seasons_are_turned_round_in_the_south() -> None:
    january, july = (seen(scene, 3, 1, 1).air.mean() for scene in days((146.0, -36.0), 1, 7))
    assert january > july + 8


def test_lakes_and_heights_do_not_change_with_the_day() -> None:
    winter, summer = (seen(scene, 2, 3, 3) for scene in days((7.0, 46.5), 2, 8))
    open_water = summer.share("water")
    assert (open_water > 0.5).any()
    bare = winter.share("snow") == 0
    assert np.array_equal(open_water[bare], winter.share("water")[bare])


def test_snow_lies_on_the_heights_first() -> None:
    scene = days((7.0, 46.5), 1)[0]
    window = of_tile(scene.grid, 3, 1, 1)
    height = terrain(window).height[1:-1, 1:-1]
    snow = seen(scene, 3, 1, 1).share("snow") > 0.5
    assert 0.02 < snow.mean() < 0.98
    assert height[snow].mean() > height[~snow].mean()


@pytest.mark.parametrize("percent", [1, 10, 35, 70, 98])
@pytest.mark.parametrize("bits", range(4))
def test_there_is_as_much_cloud_as_the_scene_says(percent: int, bits: int) -> None:
    """To two hundredths of the scene, whatever kind of clouds its seed draws."""
    scene = Scene(cloud=100 * percent, size=LARGE, bits=0x51A2C0D0 + bits)
    above = [seen(scene, 4, column, row) for column in (0, 1) for row in (0, 1)]
    share = sum((tile.sky.cloud[tile.inside] > 0.5).sum() for tile in above) / sum(tile.inside.sum() for tile in above)
    assert abs(share - percent / 100) < 0.02


def test_a_scene_without_cloud_has_neither_cloud_nor_shadow() -> None:
    for cloud in (0, None):
        above = seen(Scene(cloud=cloud)).sky
        assert not above.cloud.any()
        assert not above.shadow.any()
        assert not above.cirrus.any()


def test_shadows_fall_away_from_the_sun() -> None:
    """Moved back along the sun's azimuth by as much as the sun is low, a shadow is its cloud."""
    scene = Scene(cloud=2000, size=(256, 256), bits=0x51A2C0D3)
    weather = weather_of(scene)  # type: ignore[arg-type]
    window = of_tile(scene.grid, 0, 0, 0)
    above = sky(window, weather)
    elevation, azimuth = (np.radians(angle) for angle in scene.sun)
    pixels = weather.height / np.tan(elevation) / 30
    down, right = round(float(pixels * np.cos(azimuth))), round(float(-pixels * np.sin(azimuth)))
    assert max(abs(down), abs(right)) > 5
    cloud, shadow = (field[40:-40, 40:-40] > 0.5 for field in (above.cloud, above.shadow))
    moved = np.roll(above.cloud > 0.5, (down, right), (0, 1))[40:-40, 40:-40]
    assert 0.02 < cloud.mean() < 0.9
    assert (moved == shadow).mean() > 0.95
    assert (moved == shadow).mean() > (cloud == shadow).mean()


def test_quality_says_what_bands_and_temperature_show() -> None:
    scene = Scene(cloud=3000, size=LARGE)
    shown = seen(scene, 2, 3, 3)
    bits = quality(shown, "OLI_TIRS")
    cloud, shadow, snow, clear, water = ((bits >> bit & 1) > 0 for bit in (3, 4, 5, 6, 7))
    blue, infrared, warm = surface(shown, "blue"), surface(shown, "nir"), kelvin(shown, scene.sun[0])
    land = clear & ~water & ~snow & ~shadow
    assert blue[cloud].min() > blue[land].mean()
    assert infrared[water].max() < np.quantile(infrared[land], 0.2)
    assert infrared[shadow & ~water & ~snow].mean() < infrared[land].mean()
    assert warm[cloud].mean() < warm[land].mean() - 15
    assert not (clear & cloud).any()
    assert set(np.unique(bits >> 8 & 3)) <= {1, 2, 3}
    assert np.array_equal((bits >> 8 & 3) == 3, cloud)


@pytest.mark.parametrize(("sensor", "clear"), [("OLI_TIRS", 21824), ("TM", 5440)])
def test_clear_land_has_the_number_that_everybody_knows(sensor: str, clear: int) -> None:
    numbers, counts = np.unique(quality(seen(Scene(cloud=0)), sensor), return_counts=True)
    assert numbers[counts.argmax()] == clear


def test_a_frame_is_looked_at_from_its_upper_left_corner() -> None:
    frame = Frame("x", datetime(1970, 1, 1).date(), ((5.0, 47.0), (6.0, 47.0), (6.0, 46.5), (5.0, 46.5)))
    window = of_ring(np.array(frame.corners), 64, 128)
    assert window.latitudes[0, 0] == pytest.approx(47.0, abs=1e-9)
    assert window.latitudes[-1, -1] == pytest.approx(46.5, abs=1e-9)
    assert window.east[0, -1] > window.east[0, 0]
