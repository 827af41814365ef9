"""Every metadata field becomes a property, named and typed by its label only."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stac_bridge.catalog import Entry, field_name
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from tests.support import LONG, RECORDINGS, SIGNED, examples
from tests.validation import validate

pytestmark = pytest.mark.slow

MAPPINGS = load_mappings()
GENERIC = MAPPINGS.generic


def entry(alias: str) -> Entry:
    raw = {"datasetAlias": alias, "datasetId": "5e83d14f2fc39685", "acquisitionStart": "1990-01-01"}
    return Entry(Dataset.model_validate(raw), MAPPINGS.for_dataset(alias))


def item(alias: str = "some_dataset", fields: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """Return the Item of a scene with these metadata fields and members."""
    ring = [[5.0, 45.0], [6.0, 45.0], [6.0, 46.0], [5.0, 46.0], [5.0, 45.0]]
    raw = {
        "entityId": "E1",
        "displayId": "D1",
        "spatialCoverage": {"type": "Polygon", "coordinates": [ring]},
        "temporalCoverage": {"startDate": "2014-10-29 00:00:00-05", "endDate": "2014-10-29 00:00:00-05"},
        "options": {"download": True},
        "metadata": [{"fieldName": label, "value": value} for label, value in (fields or {}).items()],
        **members,
    }
    translator, scene = Translator(entry(alias)), read_scene(raw)
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)


def test_every_field_is_a_property_under_its_cleaned_label() -> None:
    fields = {"State": " CA ", "Resolution": "0.60", "Roll": "000450", "Number of Bands": 4, "Number of Lines": "5"}
    properties = item(fields=fields)["properties"]
    assert (
        properties.items()
        >= {
            "m2m:dataset": "some_dataset",
            "m2m:entity_id": "E1",
            "m2m:state": "CA",
            "m2m:resolution": "0.60",
            "m2m:roll": "000450",
            "m2m:number_of_bands": 4,
            "m2m:number_of_lines": 5,
        }.items()
    )


@pytest.mark.parametrize(
    ("alias", "label", "raw", "value"),
    [
        ("eo1_hyp_pub", "Sun Azimuth", "-999.00", -999.0),
        ("eo1_hyp_pub", "Look Angle", "123.4", 123.4),
        ("eo1_hyp_pub", "Sun Azimuth", "-48.446", None),
        ("eo1_hyp_pub", "Sun Azimuth", "Unknown", None),
        ("eo1_hyp_pub", "Scene Start Time", "at noon", "at noon"),
        ("sentinel_2a", "Cloud Cover", "140", "140"),
        ("sentinel_2a", "Cloud Cover", "-1", None),
    ],
)
def test_a_value_that_no_row_can_read_becomes_a_property_of_its_field(
    alias: str, label: str, raw: str, value: Any
) -> None:
    assert item(alias, {label: raw})["properties"].get(field_name(label)) == value


def test_a_negative_sun_azimuth_is_the_same_direction_counted_from_0_to_360() -> None:
    assert item("landsat_mss_c2_l1", {"Sun Azimuth L1": "-48.446"})["properties"]["view:sun_azimuth"] == 311.554


def test_names_do_not_depend_on_the_order_or_the_values_of_fields() -> None:
    labels = ["Sun Azimuth", "Sun_Azimuth", "sun-azimuth", "Nadir/Off Nadir"]
    first = item(fields={label: label for label in labels})["properties"]
    second = item(fields={label: label for label in reversed(labels)})["properties"]
    assert first == second
    assert len({name for name in first if "sun_azimuth" in name}) == 3
    without = item(fields={label: None if label == "Sun Azimuth" else label for label in labels})["properties"]
    assert without.items() < first.items()


def test_a_field_that_a_row_reads_has_no_second_property() -> None:
    properties = item("declassii", {"Camera Type": "H", "Download Available": "Y", "Platform": "x"})["properties"]
    assert (properties["platform"], properties["m2m:download_available"]) == ("kh-7", "Y")
    assert properties["m2m:platform"] == "x"
    assert properties["m2m:camera_type"] == "H"
    assert not [name for name in properties if name.endswith("_2")]


def test_exact_times_are_read_if_a_known_field_has_them() -> None:
    times = item(fields={"Scene Start Time": "2014:302:07:58:59.273", "Scene Stop Time": "2014:302:07:59:10.1"})
    properties = times["properties"]
    assert properties["start_datetime"] == "2014-10-29T07:58:59.273000Z"
    assert properties["end_datetime"] == "2014-10-29T07:59:10.100000Z"
    assert item("eo1_hyp_pub", {})["properties"]["datetime"] is None


def test_exact_times_stay_within_the_days_that_m2m_searches_by() -> None:
    past_midnight = {"Start Time": "2014-10-29 23:59:59", "Stop Time": "2014-10-30 00:00:09"}
    assert item(fields=past_midnight)["properties"]["end_datetime"] == "2014-10-29T23:59:59Z"
    another_day = {"Start Time": "2014-10-31 23:59:59", "Stop Time": "2014-10-31 23:59:59"}
    assert item(fields=another_day)["properties"]["start_datetime"] == "2014-10-29T00:00:00Z"


def test_a_scene_without_any_time_has_those_of_its_dataset() -> None:
    properties = item(temporalCoverage=None)["properties"]
    assert properties["start_datetime"] == "1990-01-01T00:00:00Z"
    assert properties["end_datetime"] == "9999-12-31T23:59:59Z"


def test_the_recorded_sentinel_scenes_have_their_true_times_and_grid() -> None:
    rows = orjson.loads((RECORDINGS / "recorded/partial/ee-csv-export__sentinel_2a__1.json").read_bytes())["rows"]
    fields = {label: value for label, value in rows[0].items() if isinstance(value, str)}
    day = {"startDate": "2022-01-03 00:00:00-06", "endDate": "2022-01-03 00:00:00-06"}
    result = item("sentinel_2a", fields, temporalCoverage=day)
    validate(result)
    properties = result["properties"]
    assert properties["start_datetime"] == "2022-01-03T02:47:19.848000Z"
    assert (properties["platform"], properties["proj:epsg"]) == ("sentinel-2a", 32650)
    assert properties["eo:cloud_cover"] == 6.9411
    assert properties["m2m:production_date"] == "2022-01-03T04:29:50Z"
    assert (properties["sat:orbit_state"], properties["grid:code"]) == ("descending", "MGRS-50QPL")
    assert (properties["processing:level"], properties["view:sun_elevation"]) == ("L1C", 40.3169623075938)


@pytest.mark.parametrize("alias", ["event303", "hdds_baseline"])
@pytest.mark.parametrize(("resolution", "gsd"), [("0.25", 0.25), ("10  20  60", 10), ("2 feet", None)])
def test_images_of_disasters_have_their_platform_and_sample_distance(
    alias: str, resolution: str, gsd: float | None
) -> None:
    result = item(alias, {"Platform": "WORLDVIEW-2", "Resolution": resolution})
    validate(result)
    assert (result["properties"]["platform"], result["properties"].get("gsd")) == ("worldview-2", gsd)
    assert result["properties"].get("m2m:resolution") == (resolution if gsd != 0.25 else None)


DIRTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(
        [" 226", "-1", "", "&deg;", "2022/13/45", "0021-09-16", "Unknown", "10% to 19% Cloud Cover", "1e5"]
    ),
    st.sampled_from(
        ["2020:217:13:48:06.77", "2020:400:13:48:06.77", "2021-03-18 12:22:01-05", "9999-12-31T23:59:59-05"]
    ),
)
FAMILIES = [*MAPPINGS.by_dataset, "event303", "nhap", "napp", "doq_qq", "high_res_ortho", "gmted2010", "gls_all"]
FAMILIES += [
    "avhrr_orbseg",
    "eviirs_ndvi",
    "uas_dem",
    "irs_awifs",
    "landsat_ba_tile_c2",
    "hdds_baseline",
    "some_dataset",
]
LABELS = sorted(
    {
        row.field
        for mapping in (*MAPPINGS.by_dataset.values(), GENERIC)
        for first in (mapping.item.start_datetime, mapping.item.end_datetime, *mapping.properties.values())
        for row in first.chain
        if row.field
    }
    | {"UTM Zone", "Product Map Projection L1", "Entity  ID", "NW  Corner Lat", "Datum", "Projection Zone"}
)
PLACES = st.one_of(
    st.none(),
    st.fixed_dictionaries({"type": st.just("Polygon"), "coordinates": st.just([[[0, 0]] * 5])}),
    st.builds(
        lambda west, south: {
            "type": "Polygon",
            "coordinates": [[[west, south], [west + 2, south], [west + 2, south + 2], [west, south]]],
        },
        st.floats(-200, 320),
        st.floats(-98, 95),
    ),
    st.just({"type": "Point", "coordinates": [0, 0]}),
    st.just({"type": "Polygon", "coordinates": [[[None, 1], [2, "x"], [3, 4], [None, 1]]]}),
)
IDS = st.sampled_from(["LC08_L2SP_047027_20201204_20210313_02_T1", "LM05_L1TP_047027_19850101_20200101_02_T2", "D 1/ä"])


@given(st.data())
@settings(max_examples=examples(100))
def test_every_family_makes_valid_items_of_dirty_scenes(data: st.DataObject) -> None:
    family = data.draw(st.sampled_from(FAMILIES))
    fields = data.draw(st.dictionaries(st.sampled_from(LABELS), DIRTY, max_size=8))
    display_id = data.draw(IDS)
    result = item(
        family,
        fields,
        displayId=display_id,
        entityId="LC80470272020339LGN00",
        cloudCover=data.draw(DIRTY),
        spatialCoverage=data.draw(PLACES),
        temporalCoverage=data.draw(st.sampled_from([None, {"startDate": "2020-12-04 00:00:00", "endDate": "x"}])),
        publishDate=data.draw(DIRTY),
    )
    validate(orjson.loads(orjson.dumps(result)))
    assert result["id"] == display_id
    assert all(re.fullmatch(r"[a-z0-9_]+:[a-z0-9_]+|[a-z_]+", name) for name in result["properties"])


VALUES = [
    *(None, "", " ", "Unknown", "-1", -1, 0, 9, "9", " 078", "078", "44.79", "1e5", "999", "NaN", True),
    *("10% to 19% Cloud Cover", "&deg;", "25&deg;59'34.04\"S", "2022/07/07", "2022/13/45", "0021-09-16"),
    *("2020:217:13:48:06.7714180", "2022-01-29 05:46:37.339474", "2022-01-29 05:46:37", "2022-01-03T02:47:19.848Z"),
    *(
        "2019-09-19 00:00:00-05",
        "2021-03-18 12:22:01.205175-05",
        "N",
        "Y",
        "UTM",
        "11N",
        "NAD83",
        "T1",
        "RT",
        "ä" * 300,
    ),
]


@pytest.mark.parametrize("family", FAMILIES)
def test_no_value_makes_an_invalid_item_of_any_family(family: str) -> None:
    """Try each value with a third of the families, in the long mode with all: they share the code that reads it."""
    index = FAMILIES.index(family)
    for value in VALUES if LONG else VALUES[index % 3 :: 3]:
        result = item(
            family,
            dict.fromkeys(LABELS, value),
            displayId="LE07_L1TP_047027_20201204_20210313_02_T1",
            entityId="LE70470272020339LGN00",
            cloudCover=value,
            publishDate=value,
        )
        validate(result)
        assert orjson.loads(orjson.dumps(result)) == result
