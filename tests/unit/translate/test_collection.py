"""Every dataset becomes a valid Collection, whatever M2M's record of it holds."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.catalog import DatasetDetails, Entry, build_catalog
from stac_bridge.m2m.models.datasets import Dataset, DatasetFilter, DatasetProduct, read_datasets
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import collection
from stac_bridge.translate.names.dataset import is_readable
from tests.recorded_m2m import recordings
from tests.support import LONG, entry_of, examples, recorded_data
from tests.validation import validate

BASE = "http://here/"
MAPPINGS = load_mappings()
EVENTS = recorded_data("dataset-search__event1058-and-others__1")


def collection_of(details: DatasetDetails | None = None, **members: Any) -> dict[str, Any]:
    """Return the Collection of a dataset whose record has these members."""
    raw = {"datasetAlias": "some_dataset", "datasetId": "5e83d14f2fc39685", **members}
    dataset = Dataset.model_validate(raw)
    return collection(Entry(dataset, MAPPINGS.for_dataset(dataset.alias), details), BASE)


def check(document: dict[str, Any]) -> None:
    """Check what holds for every Collection, but no schema requires."""
    ((west, south, east, north),) = document["extent"]["spatial"]["bbox"]
    assert -180 <= west <= 180
    assert -180 <= east <= 180
    assert -90 <= south <= north <= 90
    ((start, end),) = document["extent"]["temporal"]["interval"]
    assert start is None or start >= "1850"
    assert start is None or end is None or start <= end
    assert is_readable(document["title"])
    assert document["description"].strip()
    assert document["keywords"]
    assert not {"None", ""} & set(document["keywords"])
    assert "doi.org" not in document.get("sci:doi", "")
    assert {"self", "root", "parent", "items", "license", "via"} <= {link["rel"] for link in document["links"]}


@pytest.mark.slow
def test_every_recorded_dataset_becomes_a_valid_collection() -> None:
    recorded = recordings().datasets
    catalog = build_catalog(read_datasets(recorded), MAPPINGS, 0)
    files = [dataset for dataset in recorded if dataset["datasetAlias"].startswith("landsat_band_files")]
    assert len(catalog.entries) == len(recorded) - len(files)
    for index, entry in enumerate(catalog.entries.values()):
        document = collection(entry, BASE)
        check(document)
        if LONG or index % 5 == 0:
            validate(document)


@pytest.mark.parametrize(
    ("alias", "members", "license_url"),
    [
        (
            *("lpcs_sentinel_2a", {"datasetCategoryName": "Sentinel"}),
            "https://sentinels.copernicus.eu/documents/247904/690755/Sentinel_Data_Legal_Notice",
        ),
        (
            *("esat_tm", {"datasetCategoryName": "Landsat Legacy"}),
            "https://www.usgs.gov/faqs/are-landsat-data-cloud-still-considered-be-within-public-domain",
        ),
        (
            "landsat_ot_c2_l2",
            {},
            "https://www.usgs.gov/faqs/are-landsat-data-cloud-still-considered-be-within-public-domain",
        ),
        ("naip", {}, "https://www.usgs.gov/centers/eros/data-citation"),
        ("corona2", {}, "https://www.usgs.gov/centers/eros/data-citation"),
        ("modis_mod09a1_v61", {"dataOwner": "LPDAAC"}, "https://lpdaac.usgs.gov/data/data-citation-and-policies/"),
        ("event303", {}, "https://www.usgs.gov/core-science-systems/hdds/data-policy"),
    ],
)
def test_the_license_link_is_that_of_the_dataset(alias: str, members: dict[str, Any], license_url: str) -> None:
    links = collection_of(datasetAlias=alias, **members)["links"]
    assert [link["href"] for link in links if link["rel"] == "license"] == [license_url]


def test_only_disasters_have_the_license_link_of_disasters() -> None:
    for entry in build_catalog(read_datasets(recordings().datasets), MAPPINGS, 0).entries.values():
        (href,) = (link["href"] for link in collection(entry, BASE)["links"] if link["rel"] == "license")
        assert ("hdds" in href) == ("HDDS" in entry.dataset.catalogs), entry.id


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


@pytest.mark.slow
@given(
    alias=st.text(min_size=1, max_size=12),
    members=st.dictionaries(st.sampled_from(KEYS), NONSENSE),
    bounds=BOUNDS,
)
@settings(max_examples=examples(60))
def test_a_dataset_with_nonsense_values_is_still_a_valid_collection(
    alias: str, members: dict[str, Any], bounds: object
) -> None:
    document = collection_of(**{**members, "datasetAlias": alias, "datasetId": "x", "spatialBounds": bounds})
    check(document)
    validate(orjson.loads(orjson.dumps(document)))


@pytest.mark.parametrize(
    ("members", "description"),
    [
        ({"abstractText": "<p>All of&nbsp;it.</p>\r\n", "collectionLongName": "Long"}, "All of it."),
        ({"abstractText": "  ", "collectionLongName": "Long", "collectionName": "Short"}, "Long"),
        ({"abstractText": None, "collectionName": "Short"}, "Short"),
        ({}, "Some Dataset"),
    ],
)
def test_the_description_is_the_most_detailed_text_of_the_record(members: dict[str, Any], description: str) -> None:
    assert collection_of(**members)["description"] == description


def test_an_event_has_a_readable_title_and_its_own_description() -> None:
    document = collection_of(datasetAlias="event303", collectionName="200808_Hurricane_Ike", catalogs=["HDDS"])
    assert document["title"] == "Hurricane Ike, August 2008"
    assert document["description"].startswith("Hurricane Ike, August 2008: imagery that the Hazards")
    assert "licenses" in document["description"]
    assert "disaster" in document["keywords"]
    assert {link["rel"]: link["href"] for link in document["links"]}["via"] == "https://hddsexplorer.usgs.gov/"


def test_an_unknown_end_is_open_and_an_impossible_start_is_replaced() -> None:
    _unknown, katrina = read_datasets(EVENTS)
    assert katrina.acquisition_start == "0021-09-16"
    document = collection(Entry(katrina, MAPPINGS.for_dataset(katrina.alias)), BASE)
    assert document["extent"]["temporal"]["interval"] == [["2005-08-01T00:00:00Z", None]]


def test_the_update_time_is_in_utc() -> None:
    assert collection_of(dateUpdated="2020-04-07 18:02:02.614856-05")["updated"] == "2020-04-07T23:02:02.614856Z"
    assert "updated" not in collection_of(dateUpdated="yesterday")


def test_a_doi_is_bare_and_has_a_link() -> None:
    document = collection_of(doiNumber="http://dx.doi.org/10.5067/MEaSUREs/SRTM/SRTMGL1.003 ")
    assert document["sci:doi"] == "10.5067/MEaSUREs/SRTM/SRTMGL1.003"
    assert {link["rel"]: link["href"] for link in document["links"]}["cite-as"].endswith("/SRTMGL1.003")


def test_the_value_lists_of_filters_become_summaries() -> None:
    summaries = collection(entry_of("landsat_ot_c2_l2"), BASE)["summaries"]
    assert summaries["platform"] == ["landsat-8", "landsat-9"]
    assert summaries["landsat:collection_category"] == ["T1", "T2", "RT"]
    assert summaries["gsd"] == [30, 100]


def test_a_value_list_without_known_values_makes_no_summary() -> None:
    raw_filter = {
        "id": "1",
        "fieldLabel": "Satellite",
        "fieldConfig": {"type": "Select"},
        "valueList": {"": "All", "10": "10"},
    }
    raw = {"datasetAlias": "landsat_tm_c2_l2", "datasetId": "1"}
    entry = Entry(
        Dataset.model_validate(raw),
        MAPPINGS.for_dataset("landsat_tm_c2_l2"),
        DatasetDetails((DatasetFilter.model_validate(raw_filter),), ()),
    )
    assert collection(entry, BASE)["summaries"]["platform"] == ["landsat-4", "landsat-5"]


def test_products_are_item_assets_with_stable_keys_in_stable_order() -> None:
    products = [("D482", "Compressed"), ("D441", "Full Resolution")]
    details = tuple(DatasetProduct(product_id=code, code=code, name=name) for code, name in products)
    first, second = collection_of(DatasetDetails((), details)), collection_of(DatasetDetails((), details[::-1]))
    assert first["item_assets"] == second["item_assets"]
    assert list(first["item_assets"])[-2:] == ["d441_full_resolution", "d482_compressed"]
    assert first["item_assets"]["d482_compressed"]["type"] == "image/jp2"


def test_a_dataset_without_an_alias_is_skipped() -> None:
    datasets = read_datasets([{"datasetId": "1"}, {"datasetAlias": "a", "datasetId": "2"}, None])
    assert [dataset.alias for dataset in datasets] == ["a"]
    with pytest.raises(ValueError, match="no element is a Dataset"):
        read_datasets([{"collectionName": "nobody"}])
