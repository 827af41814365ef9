"""The arithmetic of passes against writing every pass down."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES
from m2m_sandbox.archive.overpasses import wrs2
from m2m_sandbox.archive.overpasses.timetable import EPOCH_DAY, Mission, Timetable

PASSES = np.linspace(-3000, 5000, 700) * 1.37
MISSIONS = (
    Mission(5, date(2012, 12, 1), date(2013, 4, 2), 0, taken_cycles=1),
    Mission(7, date(2012, 12, 20), date(2013, 5, 1), 8, taken_cycles=3),
    Mission(8, date(2013, 2, 11), date(2013, 6, 1), 0),
)


@pytest.fixture(scope="module")
def table() -> Timetable:
    return Timetable(PASSES, MISSIONS)


def written_down(passes: Any, mission: Mission) -> list[tuple[int, float]]:
    """Place and moment (in days) of every pass of one satellite, one by one."""
    first, end = ((day - EPOCH_DAY).days for day in (mission.first, mission.end))
    found = []
    for place, moment in enumerate(passes):
        start = moment + mission.offset
        moments = start + 16 * np.arange(np.floor((first - start) / 16) - 1, np.ceil((end - start) / 16) + 2)
        found += [(place, float(one)) for one in moments if first <= one < end]
    return found


def every(table: Timetable, numbers: Any = None) -> list[tuple[int, int, int]]:
    return [table.at(int(number)) for number in (range(len(table)) if numbers is None else numbers)]


def test_a_satellite_that_takes_all_takes_what_it_passes_and_nothing_else(table: Timetable) -> None:
    expected = {(place, 8, int(np.floor(moment))) for place, moment in written_down(PASSES, MISSIONS[2])}
    assert {one for one in every(table) if one[1] == 8} == expected


@pytest.mark.parametrize("mission", MISSIONS[:2])
def test_a_satellite_that_cannot_take_all_takes_its_share_of_four_cycles(table: Timetable, mission: Mission) -> None:
    possible = {(place, mission.satellite, int(np.floor(one))) for place, one in written_down(PASSES, mission)}
    taken = [one for one in every(table) if one[1] == mission.satellite]
    assert set(taken) <= possible
    start = (mission.first - EPOCH_DAY).days
    times = np.bincount([place for place, _, day in taken if start <= day < start + 64], minlength=len(PASSES))
    assert set(times) == {mission.taken_cycles}


def test_only_the_newest_day_is_limited_to_what_has_arrived(table: Timetable) -> None:
    arrived = np.arange(len(PASSES)) % 3 == 0
    limited = Timetable(PASSES, MISSIONS, arrived)
    newest = int(table.days[0])
    expected = [entry for entry in every(table) if entry[2] != newest or arrived[entry[0]]]
    assert every(limited) == expected
    assert len(limited) < len(table)


def test_the_newest_comes_first_and_order_is_that_of_the_moments(table: Timetable) -> None:
    moments = [(day, table.microseconds[place]) for place, _, day in every(table)]
    assert moments == sorted(moments, reverse=True)


def test_hits_are_those_of_looking_at_every_pass(table: Timetable) -> None:
    entries, days = table.places % 7 == 3, table.days % 3 == 1
    expected = [n for n, (place, _, day) in enumerate(every(table)) if place % 7 == 3 and day % 3 == 1]
    hits = table.hits(days, entries)
    assert len(hits) == len(expected) > 100
    assert list(hits) == expected
    assert hits[5] == expected[5]
    assert hits[-1] == expected[-1]
    with pytest.raises(IndexError):
        hits[len(hits)]


@pytest.mark.parametrize("part", [slice(0, 10), slice(37, 338), slice(90, 60), slice(-5, None), slice(None, None, -9)])
def test_a_page_of_hits_is_that_page_of_all(table: Timetable, part: slice) -> None:
    hits = table.hits(slice(20, 90), table.satellites == 7)
    assert list(hits[part]) == list(hits)[part]


def test_no_hits_are_an_empty_list(table: Timetable) -> None:
    for hits in (table.hits(slice(5, 5)), table.hits(slice(None), np.zeros(len(table.places), bool))):
        assert len(hits) == 0
        assert list(hits[0:10]) == []


def test_a_day_lists_its_passes_and_days_outside_list_none(table: Timetable) -> None:
    first, places = table.on(70)
    assert [table.at(first + n) for n in range(len(places))] == [one for one in every(table) if one[2] == 70]
    assert len(table.on(10_000)[1]) == len(table.on(-10_000)[1]) == 0


@pytest.mark.parametrize("family", [*FAMILIES.values()], ids=lambda family: family.dataset)
def test_every_mission_begins_and_ends_on_its_days(family: Any) -> None:
    archive = landsat(family.dataset)
    for mission in family.missions:
        for day, inside in (
            (mission.first, True),
            (mission.end - timedelta(days=1), True),
            (mission.first - timedelta(days=1), False),
            (mission.end, False),
        ):
            asked = {"acquisitionFilter": {"start": str(day), "end": str(day)}}
            satellites = {archive.facts(int(number)).satellite for number in archive.search(asked)}
            others = {one.satellite for one in family.missions if one.first <= day < one.end}
            assert satellites == others
            assert (mission.satellite in others) == inside


def test_levels_share_a_timetable_and_the_whole_is_millions_of_scenes() -> None:
    assert landsat("landsat_tm_c2_l1").table is landsat("landsat_tm_c2_l2").table
    assert sum(len(landsat(name)) for name in FAMILIES) > 3_000_000
    assert {one.satellite for one in ARD.missions} == {4, 5, 7, 8, 9}


@pytest.mark.parametrize("satellite", [8, 9])
def test_a_day_of_the_real_archive_holds_what_the_formulas_of_the_orbit_say(satellite: int) -> None:
    archive, day = landsat(), date(2024, 2, 29)
    offset = 0 if satellite == 8 else 8
    numbers = archive.search({"acquisitionFilter": {"start": str(day), "end": str(day)}})
    found = [facts for facts in map(archive.facts, map(int, numbers)) if facts.satellite == satellite]
    moments = wrs2.pass_days(archive.paths.astype(float), archive.rows.astype(float)) + offset
    due = (np.floor(moments) - (day - EPOCH_DAY).days) % 16 == 0
    assert {(one.path, one.row) for one in found} == set(zip(archive.paths[due], archive.rows[due], strict=True))
