"""Loading mapping files: what they can contain, and the errors of wrong ones."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from stac_bridge.errors import MappingInvalid
from stac_bridge.m2m.models.scenes import fold
from stac_bridge.mapping import Mapping, load_mappings, read_mapping
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


def write(folder: Path, content: object, name: str = "naip.yaml") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


def test_every_shipped_mapping_loads() -> None:
    mappings = load_mappings()
    assert mappings.generic.is_generic
    assert "landsat_ot_c2_l2" in mappings.by_dataset
    assert mappings.for_dataset("some_other_dataset") is mappings.generic


def test_every_shipped_pattern_matches_a_dataset_that_m2m_lists() -> None:
    aliases = ["event1058", "hdds_baseline", "nhap", "napp", "doq_qq", "high_res_ortho", "gmted2010", "gls_all"]
    aliases += ["avhrr_orbseg", "eviirs_ndvi", "uas_dem", "irs_awifs", "landsat_ba_tile_c2", "noaa_cdr"]
    aliases += ["orbview3", "srtm_v3_srtmgl1", "mss_film"]
    aliases += ["landsat_8_c1"]
    mappings = load_mappings()
    used = {mappings.for_dataset(alias).dataset for alias in aliases}
    assert used == {mapping.dataset for mapping in mappings.by_pattern}


@pytest.mark.parametrize(
    ("row", "wrong", "message"),
    [
        (
            ["properties", "gsd", "as"],
            "nubmer",
            r"properties\.gsd.*'nubmer' is not allowed \(did you mean 'number'\?\)",
        ),
        (["properties", "gsd", "scene"], "displayId", r"exactly one of scene, field, value"),
        (["item", "id", "scene"], "displayID", r"did you mean 'displayId'"),
        (["item", "geometri"], {"scene": "spatialBounds"}, r"unknown key 'geometri' \(did you mean 'geometry'\?\)"),
        (["assets", "image", "type"], "jpg2", r"did you mean 'jp2'"),
        (["assets", "image", "browse"], "thumbnail", r"exactly one of file, browse"),
        (
            ["assets", "image", "only"],
            {"nothing": 1},
            r"assets\.image\.only names 'nothing', but properties has no",
        ),
        (["item", "end_datetime"], {"value": "2000-02-22T23:59:59Z"}, r"is a constant.*list slots without time"),
        (["asets"], {}, r"unknown key 'asets' \(did you mean 'assets'\?\)"),
    ],
)
def test_an_error_names_the_file_the_row_and_the_nearest_valid_word(
    tmp_path: Path, row: list[str], wrong: object, message: str
) -> None:
    content = deepcopy(GOOD)
    table: Any = content
    for key in row[:-1]:
        table = table[key]
    table[row[-1]] = wrong
    with pytest.raises(MappingInvalid, match=message) as error:
        read_mapping(write(tmp_path, content))
    assert "naip.yaml" in str(error.value)


@pytest.mark.parametrize("content", ["- a list", "a: [unclosed", "text"])
def test_a_file_that_is_not_a_table_is_an_error_with_its_name(tmp_path: Path, content: str) -> None:
    with pytest.raises(MappingInvalid, match=r"naip\.yaml"):
        read_mapping(write(tmp_path, content))


def test_an_overlay_replaces_files_of_the_same_name_and_adds_others(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert load_mappings(tmp_path).for_dataset("naip").assets["image"].title == "Image"


def test_a_broken_file_of_an_overlay_is_skipped_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, {"dataset": "naip"})
    write(tmp_path, GOOD | {"dataset": "other"}, "other.yaml")
    mappings = load_mappings(tmp_path)
    assert mappings.for_dataset("naip") == load_mappings().for_dataset("naip")
    assert mappings.for_dataset("other").assets["image"].title == "Image"
    assert "naip.yaml:1" in caplog.text


def test_an_error_names_the_line_of_the_row(tmp_path: Path) -> None:
    path = write(
        tmp_path, "dataset: naip\nextends: _generic\n\nproperties:\n  gsd:\n    field: Resolution\n    as: nubmer\n"
    )
    with pytest.raises(MappingInvalid, match=r"naip\.yaml:7: row properties\.gsd\.as: 'nubmer'.*'number'"):
        read_mapping(path)


def test_an_error_in_a_familys_row_names_the_familys_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, "properties:\n  gsd: {feild: Resolution}\n", "_mine.yaml")
    path = write(tmp_path, "dataset: naip\nextends: [_generic, _mine]\n")
    with pytest.raises(MappingInvalid, match=r"_mine\.yaml:2: row properties\.gsd\.feild.*did you mean 'field'"):
        read_mapping(path)


def test_a_row_written_twice_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "dataset: naip\nextends: _generic\nproperties:\n  gsd: 1\n  gsd: 2\n")
    with pytest.raises(MappingInvalid, match=r"naip\.yaml:5: row properties\.gsd is written twice"):
        read_mapping(path)


def test_a_mappings_own_rows_override_those_it_extends(tmp_path: Path) -> None:
    path = write(tmp_path, "dataset: x\nextends: _generic\nproperties: {eo:cloud_cover: null, gsd: 3}\n", "x.yaml")
    mapping = read_mapping(path)
    generic = load_mappings().generic
    assert mapping.item == generic.item
    assert mapping.properties["gsd"].value == 3
    assert "eo:cloud_cover" not in mapping.properties
    assert mapping.properties["m2m:entity_id"] == generic.properties["m2m:entity_id"]


def test_a_row_with_another_source_replaces_the_familys_row_whole(tmp_path: Path) -> None:
    content = "dataset: x\nextends: _generic\nproperties: {eo:cloud_cover: {field: Clouds, as: number}}\n"
    row = read_mapping(write(tmp_path, content, "x.yaml")).properties["eo:cloud_cover"]
    assert (row.field, row.scene, row.filter) == ("Clouds", None, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("dataset: x\nextends: _nothing\n", r"x\.yaml:2: row extends: there is no family '_nothing'"),
        ("dataset: x\nextends: _second\n", r"_second\.yaml:1: row extends: a family cannot extend another"),
    ],
)
def test_a_missing_or_extending_family_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    write(tmp_path, "extends: _generic\n", "_second.yaml")
    with pytest.raises(MappingInvalid, match=message):
        read_mapping(write(tmp_path, content, "x.yaml"))


def test_the_longest_matching_pattern_wins(tmp_path: Path) -> None:
    write(tmp_path, "dataset: event1*\nextends: _generic\n", "mine.yaml")
    mappings = load_mappings(tmp_path)
    assert mappings.for_dataset("event1058").dataset == "event1*"
    assert mappings.for_dataset("event303").dataset == "event*"
    assert mappings.for_dataset("landsat_ard_tile_c2").dataset == "landsat_ard_tile_c2"
    assert mappings.for_dataset("landsat_band_files_c2_l1") is mappings.generic
    assert mappings.for_dataset("landsat_dswe_tile_c2").dataset == "landsat_[bdf]*_tile*"


def test_a_missing_overlay_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MappingInvalid, match="is not a folder"):
        load_mappings(tmp_path / "missing")


def test_the_converter_names_of_the_schema_are_those_of_the_converters() -> None:
    assert set(get_args(Converter)) == set(CONVERTERS)


def labels_of(mapping: Mapping) -> set[str]:
    """Return every label of a field or filter that a mapping names."""
    item = mapping.item
    rows = (item.id, item.geometry, item.start_datetime, item.end_datetime, *mapping.properties.values())
    links = [link for row in rows for link in row.chain]
    labels = {link.field for link in links} | {link.filter.label for link in links if link.filter}
    if mapping.grid:
        labels |= {mapping.grid.projection, mapping.grid.zone}
        labels |= {label for corner in mapping.grid.corners for label in corner}
    return {label for label in labels if label}


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(shipped_folder().glob("*.yaml")) if not is_family(path)],
    ids=lambda path: path.stem,
)
def test_every_label_a_mapping_uses_occurs_in_a_recording_or_in_the_reference(path: Path) -> None:
    known = REFERENCE.read_text(encoding="utf-8")
    known += "".join(file.read_text(encoding="utf-8") for file in (RECORDINGS / "recorded").rglob("*.json"))
    known = fold(known)
    labels = labels_of(read_mapping(path))
    assert {label for label in labels if fold(label) not in known} == set()
