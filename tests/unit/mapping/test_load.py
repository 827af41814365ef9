"""Mapping files: what they may say, and how a wrong one is told."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml

from stac_bridge.errors import MappingInvalid
from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping import Mapping, Row, load_mappings, read_mapping
from stac_bridge.mapping.converters import CONVERTERS
from stac_bridge.mapping.loader import is_family, shipped_folder
from stac_bridge.mapping.rows import Converter
from tests.support import RECORDINGS, REFERENCE

GOOD = {
    "dataset": "naip",
    "item": {
        "id": {"scene": "displayId"},
        "geometry": {"scene": "spatialCoverage"},
        "start_datetime": {"scene": "startDate", "as": "day-start"},
        "end_datetime": {"scene": "endDate", "as": "day-end"},
    },
    "properties": {"gsd": {"field": "Resolution", "as": "number"}},
    "assets": {"image": {"file": "x.jp2", "title": "Image", "type": "jp2", "roles": ["data"]}},
}


def written(folder: Path, said: object, name: str = "naip.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(said) if not isinstance(said, str) else said, encoding="utf-8")
    return path


def test_every_shipped_mapping_loads() -> None:
    mappings = load_mappings()
    assert mappings.generic.is_generic
    assert "landsat_ot_c2_l2" in mappings.by_dataset
    assert mappings.of("some_other_dataset") is mappings.generic


def test_every_shipped_pattern_fits_a_dataset_that_m2m_lists() -> None:
    listed = ["event1058", "hdds_baseline", "nhap", "napp", "doq_qq", "high_res_ortho", "gmted2010", "gls_all"]
    listed += ["avhrr_orbseg", "eviirs_ndvi", "uas_dem", "irs_awifs", "landsat_ba_tile_c2"]
    assert {load_mappings().of(one).dataset for one in listed} == {one.dataset for one in load_mappings().by_pattern}


@pytest.mark.parametrize(
    ("place", "wrong", "told"),
    [
        (
            ["properties", "gsd", "as"],
            "nubmer",
            r"properties\.gsd.*'nubmer' is not allowed \(did you mean 'number'\?\)",
        ),
        (["properties", "gsd", "scene"], "displayId", r"exactly one of scene, field, value"),
        (["item", "id", "scene"], "displayID", r"did you mean 'displayId'"),
        (["item", "geometri"], {"scene": "spatialBounds"}, r"unknown word 'geometri' \(did you mean 'geometry'\?\)"),
        (["assets", "image", "type"], "jpg2", r"did you mean 'jp2'"),
        (["assets", "image", "browse"], "thumbnail", r"exactly one of file, browse"),
        (["assets", "image", "only"], {"nothing": 1}, r"assets\.image\.only names nothing"),
        (["item", "end_datetime"], {"value": "2000-02-22T23:59:59Z"}, r"is a constant.*list slots without time"),
        (["asets"], {}, r"unknown word 'asets' \(did you mean 'assets'\?\)"),
    ],
)
def test_a_wrong_word_is_told_with_file_row_and_the_nearest_right_one(
    tmp_path: Path, place: list[str], wrong: object, told: str
) -> None:
    said = yaml.safe_load(yaml.safe_dump(GOOD))
    table = said
    for step in place[:-1]:
        table = table[step]
    table[place[-1]] = wrong
    with pytest.raises(MappingInvalid, match=told) as error:
        read_mapping(written(tmp_path, said))
    assert "naip.yaml" in str(error.value)


@pytest.mark.parametrize("said", ["- a list", "a: [unclosed", "text"])
def test_a_file_that_is_no_table_is_told(tmp_path: Path, said: str) -> None:
    with pytest.raises(MappingInvalid, match=r"naip\.yaml"):
        read_mapping(written(tmp_path, said))


def test_a_folder_laid_over_replaces_files_of_the_same_name_and_adds_others(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    assert load_mappings(tmp_path).of("naip").assets["image"].title == "Image"


def test_a_broken_file_laid_over_takes_no_other_dataset_down(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(tmp_path, {"dataset": "naip"})
    written(tmp_path, GOOD | {"dataset": "other"}, "other.yaml")
    mappings = load_mappings(tmp_path)
    assert mappings.of("naip") == load_mappings().of("naip")
    assert mappings.of("other").assets["image"].title == "Image"
    assert "naip.yaml:1" in caplog.text


def test_an_error_names_the_line_where_the_row_stands(tmp_path: Path) -> None:
    path = written(
        tmp_path, "dataset: naip\nextends: _generic\n\nproperties:\n  gsd:\n    field: Resolution\n    as: nubmer\n"
    )
    with pytest.raises(MappingInvalid, match=r"naip\.yaml:7: row properties\.gsd\.as: 'nubmer'.*'number'"):
        read_mapping(path)


def test_an_error_in_a_familys_row_names_the_familys_file_and_line(tmp_path: Path) -> None:
    written(tmp_path, "properties:\n  gsd: {feild: Resolution}\n", "_mine.yaml")
    path = written(tmp_path, "dataset: naip\nextends: [_generic, _mine]\n")
    with pytest.raises(MappingInvalid, match=r"_mine\.yaml:2: row properties\.gsd\.feild.*did you mean 'field'"):
        read_mapping(path)


def test_a_row_written_twice_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "dataset: naip\nextends: _generic\nproperties:\n  gsd: 1\n  gsd: 2\n")
    with pytest.raises(MappingInvalid, match=r"naip\.yaml:5: row properties\.gsd stands here twice"):
        read_mapping(path)


def test_what_a_mapping_extends_stands_below_its_own_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "dataset: x\nextends: _generic\nproperties: {eo:cloud_cover: null, gsd: 3}\n", "x.yaml")
    mapping = read_mapping(path)
    generic = load_mappings().generic
    assert mapping.item == generic.item
    assert mapping.properties["gsd"].value == 3
    assert "eo:cloud_cover" not in mapping.properties
    assert mapping.properties["m2m:entity_id"] == generic.properties["m2m:entity_id"]


def test_a_row_with_another_source_takes_nothing_of_the_familys(tmp_path: Path) -> None:
    said = "dataset: x\nextends: _generic\nproperties: {eo:cloud_cover: {field: Clouds, as: number}}\n"
    row = read_mapping(written(tmp_path, said, "x.yaml")).properties["eo:cloud_cover"]
    assert (row.field, row.scene, row.filter) == ("Clouds", None, None)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("dataset: x\nextends: _nothing\n", r"x\.yaml:2: row extends: there is no family '_nothing'"),
        ("dataset: x\nextends: _second\n", r"_second\.yaml:1: row extends: a family extends no other"),
    ],
)
def test_a_family_that_is_none_is_told(tmp_path: Path, said: str, told: str) -> None:
    written(tmp_path, "extends: _generic\n", "_second.yaml")
    with pytest.raises(MappingInvalid, match=told):
        read_mapping(written(tmp_path, said, "x.yaml"))


def test_a_pattern_serves_a_family_and_the_longest_that_fits_wins(tmp_path: Path) -> None:
    written(tmp_path, "dataset: event1*\nextends: _generic\n", "mine.yaml")
    mappings = load_mappings(tmp_path)
    assert mappings.of("event1058").dataset == "event1*"
    assert mappings.of("event303").dataset == "event*"
    assert mappings.of("landsat_ard_tile_c2").dataset == "landsat_ard_tile_c2"
    assert mappings.of("landsat_band_files_c2_l1") is mappings.generic
    assert mappings.of("landsat_dswe_tile_c2").dataset == "landsat_[bdf]*_tile*"


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingInvalid, match="no folder"):
        load_mappings(tmp_path / "missing")


def test_the_words_for_converters_are_those_there_are() -> None:
    assert set(get_args(Converter)) == set(CONVERTERS)


def labels_of(mapping: Mapping) -> set[str]:
    """Every label of a field or filter that a mapping names."""
    found: set[str] = set()

    def of_row(row: Row | None) -> None:
        if row is not None:
            found.update(label for label in (row.field, row.filter.label if row.filter else None) if label)
            of_row(row.otherwise)

    item = mapping.item
    for row in (item.id, item.geometry, item.start_datetime, item.end_datetime, *mapping.properties.values()):
        of_row(row)
    if mapping.grid:
        found |= {mapping.grid.projection, mapping.grid.zone}
        found |= {label for corner in mapping.grid.corners for label in corner}
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(shipped_folder().glob("*.yaml")) if not is_family(path)],
    ids=lambda path: path.stem,
)
def test_every_label_a_mapping_uses_occurs_in_a_recording_or_in_the_reference(path: Path) -> None:
    known = REFERENCE.read_text(encoding="utf-8")
    known += "".join(found.read_text(encoding="utf-8") for found in (RECORDINGS / "recorded").rglob("*.json"))
    known = fold(known)
    # The reference writes families of labels short: "Corner Upper/Lower Left/Right", "Latitude/Longitude".
    families = {
        fold(f"Corner {v} {h} {d}")
        for v in ("Upper", "Lower")
        for h in ("Left", "Right")
        for d in ("Latitude", "Longitude")
    }
    assert "corner upper left latitude/longitude" in known
    missing = {label for label in labels_of(read_mapping(path)) if fold(label) not in known} - {
        label for label in labels_of(read_mapping(path)) if fold(label) in families
    }
    assert missing == set()
