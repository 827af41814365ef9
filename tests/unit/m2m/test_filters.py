"""Payloads reject unknown keys, are narrowed by ``&`` and widened by ``|``."""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import or_

import pytest
from pydantic import ValidationError

from stac_bridge.m2m.filters import (
    And,
    Between,
    CloudRange,
    DayRange,
    GeoJson,
    Mbr,
    Or,
    SceneFilter,
    SceneSearch,
    Value,
    shape_of,
)

JUNE = DayRange(start=date(2020, 6, 1), end=date(2020, 6, 30))
SUMMER = DayRange(start=date(2020, 6, 15), end=date(2020, 8, 31))
PATH = Between(filter_id="5e83d14fb9436d88", first_value="047", second_value="047")
TIER = Value(filter_id="5f6a6fb2137a3c00", value="T1")


@pytest.mark.parametrize("model", [SceneFilter, SceneSearch, DayRange, CloudRange, Value, Between, And, Or, GeoJson])
def test_a_key_that_m2m_would_ignore_is_rejected(model: type) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate({"includeUnknownCloudCover": True})


def test_a_payload_has_m2ms_keys_in_their_places() -> None:
    search = SceneSearch(
        dataset="landsat_ot_c2_l2",
        max_results=20,
        starting_number=41,
        filter=SceneFilter(
            acquisition=JUNE,
            cloud=CloudRange(max=10, include_unknown=False),
            spatial=Mbr.of(6, 46, 7, 47),
            metadata=And(children=(PATH, TIER)),
        ),
    )
    assert search.payload() == {
        "datasetName": "landsat_ot_c2_l2",
        "maxResults": 20,
        "startingNumber": 41,
        "metadataType": "full",
        "sceneFilter": {
            "acquisitionFilter": {"start": "2020-06-01", "end": "2020-06-30"},
            "cloudCoverFilter": {"min": 0, "max": 10, "includeUnknown": False},
            "spatialFilter": {
                "filterType": "mbr",
                "lowerLeft": {"latitude": 46.0, "longitude": 6.0},
                "upperRight": {"latitude": 47.0, "longitude": 7.0},
            },
            "metadataFilter": {
                "filterType": "and",
                "childFilters": [
                    {
                        "filterType": "between",
                        "filterId": "5e83d14fb9436d88",
                        "firstValue": "047",
                        "secondValue": "047",
                    },
                    {"filterType": "value", "filterId": "5f6a6fb2137a3c00", "value": "T1", "operand": "="},
                ],
            },
        },
    }


def test_a_filter_without_conditions_is_not_sent() -> None:
    assert "sceneFilter" not in SceneSearch(dataset="naip", filter=SceneFilter()).payload()


def test_and_narrows_every_condition() -> None:
    both = SceneFilter(acquisition=JUNE, metadata=PATH) & SceneFilter(acquisition=SUMMER, metadata=TIER)
    assert both.acquisition == DayRange(start=date(2020, 6, 15), end=date(2020, 6, 30))
    assert both.metadata == And(children=(PATH, TIER))


def test_or_takes_the_hull_and_loses_nothing() -> None:
    either = SceneFilter(acquisition=JUNE, metadata=PATH) | SceneFilter(acquisition=SUMMER, metadata=TIER)
    assert either.acquisition == DayRange(start=date(2020, 6, 1), end=date(2020, 8, 31))
    assert either.metadata == Or(children=(PATH, TIER))
    assert (SceneFilter(acquisition=JUNE) | SceneFilter(metadata=TIER)).is_open


def test_disjoint_days_are_an_empty_filter() -> None:
    late = DayRange(start=date(2021, 1, 1), end=date(2021, 1, 2))
    assert (SceneFilter(acquisition=JUNE) & SceneFilter(acquisition=late)).is_empty
    assert SceneFilter.nothing().is_empty
    assert not SceneFilter(acquisition=JUNE).is_empty


def test_digests_are_equal_exactly_for_equal_searches() -> None:
    def digest(size: int) -> str:
        return SceneSearch(dataset="naip", max_results=size, filter=SceneFilter(acquisition=JUNE)).digest()

    assert digest(5) == digest(5)
    assert digest(5) != digest(6)


def test_alternatives_joined_at_once_are_those_joined_one_by_one() -> None:
    boxes = [SceneFilter(spatial=Mbr.of(n, 40, n + 1, 41), cloud=CloudRange(max=n)) for n in range(0, 9, 2)]
    values = [SceneFilter(metadata=Value(filter_id="a", value=str(n))) for n in range(6)]
    for filters in (boxes, values, [*boxes, SceneFilter()]):
        at_once, one_by_one = SceneFilter.any_of(filters), reduce(or_, filters)
        no_place = {"spatial": None}
        assert at_once.model_copy(update=no_place) == one_by_one.model_copy(update=no_place)
        assert (at_once.spatial is None) == (one_by_one.spatial is None)
        if at_once.spatial and one_by_one.spatial:
            assert shape_of(at_once.spatial).equals(shape_of(one_by_one.spatial))


def test_equal_alternatives_become_one() -> None:
    assert SceneFilter.any_of([SceneFilter(metadata=TIER)] * 3).metadata == TIER
