"""Every dataset becomes a Collection that can be read, whatever M2M says of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.catalog import Entry, Learnt, build_catalog
from stac_bridge.m2m.models.datasets import read_datasets
from stac_bridge.m2m.models.scenes import Dataset, DatasetFilter, DatasetProduct
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import collection
from tests.support import FIXTURES, LONG, SHARED, entry_of, needs_shared
from tests.validation import validate

BASE = "http://here/"
MAPPINGS = load_mappings()
EVENTS = FIXTURES / "m2m" / "dataset-search__events.json"


def told(learnt: Learnt | None = None, **said: Any) -> dict[str, Any]:
    """The Collection of a dataset of which M2M says this."""
    raw = {"datasetAlias": "some_dataset", "datasetId": "5e83d14f2fc39685", **said}
    dataset = Dataset.model_validate(raw)
    return collection(Entry(dataset, MAPPINGS.of(dataset.alias), learnt), BASE)


def check(said: dict[str, Any]) -> None:
    """What every Collection keeps, that no schema asks for."""
    ((west, south, east, north),) = said["extent"]["spatial"]["bbox"]
    assert -180 <= west <= 180
    assert -180 <= east <= 180
    assert -90 <= south <= north <= 90
    ((start, end),) = said["extent"]["temporal"]["interval"]
    assert start is None or start >= "1850"
    assert start is None or end is None or start <= end
    assert said["title"].strip()
    assert said["description"].strip()
    assert not {"None", ""} & set(said.get("keywords", []))
    assert "doi.org" not in said.get("sci:doi", "")
    assert {"self", "root", "parent", "items", "license", "via"} <= {link["rel"] for link in said["links"]}


@needs_shared
def test_every_recorded_dataset_becomes_a_valid_collection() -> None:
    recorded = orjson.loads((SHARED / "m2m/recorded/dataset-search__all__1.json").read_bytes())["data"]
    catalog = build_catalog(read_datasets(recorded), MAPPINGS, 0)
    assert len(catalog.entries) == len(recorded) == 843
    for place, entry in enumerate(catalog.entries.values()):
        said = collection(entry, BASE)
        check(said)
        if LONG or place % 5 == 0:
            validate(said)


NONSENSE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=30),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.sampled_from(["", " ", "None", "\r\n", "<p></p>", "0021-09-16", "doi:10.5066/X ", "https://doi.org/", "NaN"]),
)
SIDES = st.one_of(NONSENSE, st.floats(-400, 400), st.sampled_from(["48.5", "east", None, 1e300, float("nan")]))
BOUNDS = st.one_of(NONSENSE, st.fixed_dictionaries(dict.fromkeys(("north", "south", "east", "west"), SIDES)))
KEYS = [info.alias or name for name, info in Dataset.model_fields.items()]


@given(
    alias=st.text(min_size=1, max_size=12),
    said=st.dictionaries(st.sampled_from(KEYS), NONSENSE),
    bounds=BOUNDS,
)
@settings(max_examples=60, deadline=None)
def test_nonsense_about_a_dataset_still_gives_a_valid_collection(
    alias: str, said: dict[str, Any], bounds: object
) -> None:
    found = told(**{**said, "datasetAlias": alias, "datasetId": "x", "spatialBounds": bounds})
    check(found)
    validate(orjson.loads(orjson.dumps(found)))


@pytest.mark.parametrize(
    ("said", "description"),
    [
        ({"abstractText": "<p>All of&nbsp;it.</p>\r\n", "collectionLongName": "Long"}, "All of it."),
        ({"abstractText": "  ", "collectionLongName": "Long", "collectionName": "Short"}, "Long"),
        ({"abstractText": None, "collectionName": "Short"}, "Short"),
        ({}, "some_dataset"),
    ],
)
def test_the_description_is_the_best_that_is_said(said: dict[str, Any], description: str) -> None:
    assert told(**said)["description"] == description


def test_an_event_is_told_as_one() -> None:
    found = told(datasetAlias="event303", collectionName="200808_Hurricane_Ike", catalogs=["HDDS"])
    assert found["title"] == "Hurricane Ike, August 2008"
    assert found["description"].startswith("Hurricane Ike, August 2008: imagery that the Hazards")
    assert "licences" in found["description"]
    assert "disaster" in found["keywords"]
    assert {link["rel"]: link["href"] for link in found["links"]}["via"] == "https://hddsexplorer.usgs.gov/"


def test_an_unknown_end_stays_open_and_a_mad_start_is_mended() -> None:
    _unknown, katrina = read_datasets(orjson.loads(EVENTS.read_bytes())["data"])
    assert katrina.acquisition_start == "0021-09-16"
    found = collection(Entry(katrina, MAPPINGS.of(katrina.alias)), BASE)
    assert found["extent"]["temporal"]["interval"] == [["1897-04-05T00:00:00Z", None]]


def test_when_the_list_was_updated_is_told_in_utc() -> None:
    assert told(dateUpdated="2020-04-07 18:02:02.614856-05")["updated"] == "2020-04-07T23:02:02.614856Z"
    assert "updated" not in told(dateUpdated="yesterday")


def test_a_doi_is_cited() -> None:
    found = told(doiNumber="http://dx.doi.org/10.5067/MEaSUREs/SRTM/SRTMGL1.003 ")
    assert found["sci:doi"] == "10.5067/MEaSUREs/SRTM/SRTMGL1.003"
    assert {link["rel"]: link["href"] for link in found["links"]}["cite-as"].endswith("/SRTMGL1.003")


def test_the_lists_of_filters_become_summaries() -> None:
    summaries = collection(entry_of("landsat_ot_c2_l2"), BASE)["summaries"]
    assert summaries["platform"] == ["landsat-8", "landsat-9"]
    assert summaries["landsat:collection_category"] == ["T1", "T2", "RT"]
    assert summaries["gsd"] == [30, 100]


def test_a_filters_list_without_known_values_gives_no_summary() -> None:
    one = {
        "id": "1",
        "fieldLabel": "Satellite",
        "fieldConfig": {"type": "Select"},
        "valueList": {"": "All", "10": "10"},
    }
    raw = {"datasetAlias": "landsat_tm_c2_l2", "datasetId": "1"}
    entry = Entry(
        Dataset.model_validate(raw),
        MAPPINGS.of("landsat_tm_c2_l2"),
        Learnt((DatasetFilter.model_validate(one),), ()),
    )
    assert collection(entry, BASE)["summaries"]["platform"] == ["landsat-4", "landsat-5"]


def test_products_are_item_assets_with_stable_keys_in_stable_order() -> None:
    products = [("D482", "Compressed"), ("D441", "Full Resolution")]
    learnt = tuple(DatasetProduct(product_id=code, code=code, name=name) for code, name in products)
    forth, back = told(Learnt((), learnt)), told(Learnt((), learnt[::-1]))
    assert forth["item_assets"] == back["item_assets"]
    assert list(forth["item_assets"])[-2:] == ["d441_full_resolution", "d482_compressed"]
    assert forth["item_assets"]["d482_compressed"]["type"] == "image/jp2"


def test_a_dataset_without_a_name_hides_no_other() -> None:
    found = read_datasets([{"datasetId": "1"}, {"datasetAlias": "a", "datasetId": "2"}, None])
    assert [one.alias for one in found] == ["a"]
    with pytest.raises(ValueError, match="no element is a dataset"):
        read_datasets([{"collectionName": "nobody"}])
