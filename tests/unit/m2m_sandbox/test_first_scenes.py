"""The first page of each dataset is worth looking at: on land, lit, and with files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from m2m_sandbox.archive.datasets import archive_of
from m2m_sandbox.archive.fact_sheets import sheets
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES
from m2m_sandbox.archive.overpasses.land import is_land
from m2m_sandbox.downloads.options import download_options

pytestmark = pytest.mark.slow

PAGE = 10
LANDSAT = [*FAMILIES, ARD.dataset]


def archive_named(name: str) -> Any:
    return archive_of(name)


STOCKED = [name for name, facts in sheets().items() if facts.get("scene_count")]


@pytest.mark.parametrize("name", STOCKED)
def test_the_first_scenes_are_on_land_and_have_a_file(name: str) -> None:
    archive = archive_named(name)
    for number in range(PAGE):
        scene = archive.scene(number, full=False)
        west, south = np.min(scene["spatialCoverage"]["coordinates"][0], axis=0)
        east, north = np.max(scene["spatialCoverage"]["coordinates"][0], axis=0)
        assert east > west, scene["displayId"]
        assert is_land(np.array([(west + east) / 2]), np.array([(south + north) / 2])), scene["displayId"]
        assert scene["options"]["download"]
        assert any(product["available"] for product in download_options(name, archive, number))


def test_fact_sheets_have_the_number_of_scenes_of_their_archives() -> None:
    for name, facts in sheets().items():
        archive = archive_named(name)
        is_counted = archive is not None and "sceneCount" not in facts["dataset"]
        assert facts.get("scene_count") == (len(archive) if is_counted else None)


def test_the_first_photographs_of_naip_can_be_opened_without_unpacking_an_archive() -> None:
    options = download_options("naip", archive_named("naip"), 0)
    assert {option["productCode"] for option in options if option["available"]} == {"D441", "D482"}


@pytest.mark.parametrize("name", LANDSAT)
def test_the_first_scenes_of_landsat_are_lit_and_rather_clear(name: str) -> None:
    facts = [archive_named(name).facts(number) for number in range(PAGE)]
    assert min(scene.sun[0] for scene in facts) > 23
    assert max(scene.cloud for scene in facts) <= 2500


@pytest.mark.parametrize("name", LANDSAT)
def test_only_the_newest_day_is_chosen_so(name: str) -> None:
    archive = archive_named(name)
    day = archive.facts(0).day
    older = next(number for number in range(len(archive)) if archive.facts(number).day != day)
    assert older >= PAGE
    clouds = [archive.facts(number).cloud for number in range(older, older + 100)]
    assert any(cloud is None or cloud > 2500 for cloud in clouds)
