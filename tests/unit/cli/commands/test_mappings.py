"""``stac-bridge mappings``: lists, shows, checks and drafts mapping files; faults name file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from stac_bridge.cli import app
from stac_bridge.cli.mapping.drafts import draft, missing
from stac_bridge.m2m.models.datasets import DatasetFilter
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings, read_mapping
from tests.support import entry_of, raw_scene

pytestmark = pytest.mark.slow


def run(*arguments: str, overlay: Path | None = None) -> Result:
    env = {"STAC_BRIDGE_MAPPINGS": str(overlay) if overlay else "", "STAC_BRIDGE_M2M_USERNAME": ""}
    return CliRunner().invoke(app, ["mappings", *arguments], env=env)


def test_list_has_every_dataset_and_pattern() -> None:
    lines = run("list").stdout.splitlines()
    names = {line.split()[0] for line in lines}
    mappings = load_mappings()
    assert {*mappings.by_dataset, *(mapping.dataset for mapping in mappings.by_pattern)} <= names
    assert not [line for line in lines if "_landsat_c2.yaml" in line]


def test_show_merges_the_rows_with_those_they_extend() -> None:
    shown = yaml.safe_load(run("show", "landsat_tm_c2_l2").stdout)
    assert shown["dataset"] == "landsat_tm_c2_l2"
    assert shown["assets"]["red"]["file"] == "SR_B3.TIF"
    assert shown["assets"]["red"]["title"] == "Red Band"
    assert yaml.safe_load(run("show", "event303").stdout)["dataset"] == "event*"


@pytest.mark.parametrize("name", ["landsat-c2-l2", "landsat-c2l2-sr"])
def test_show_finds_a_union_by_its_id_and_its_aliases(name: str) -> None:
    shown = yaml.safe_load(run("show", name).stdout)
    assert shown["union"] == "landsat-c2-l2"
    assert "landsat_ot_c2_l2" in shown["datasets"]


def test_the_shipped_files_have_no_fault() -> None:
    checked = run("check")
    assert checked.exit_code == 0
    assert "0 faults" in checked.stdout


def test_check_names_the_line_and_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("dataset: naip\nextends: _generic\nproperties:\n  gsd: {feild: Resolution}\n")
    checked = run("check", overlay=tmp_path)
    assert checked.exit_code == 1
    assert "mine.yaml:4: row properties.gsd.feild" in checked.stderr
    assert "did you mean 'field'" in checked.stderr
    assert "(broken)" in run("list", overlay=tmp_path).stdout


def test_a_union_is_listed_and_its_faults_name_the_line(tmp_path: Path) -> None:
    assert "landsat-c2-l2" in run("list").stdout
    (tmp_path / "unions").mkdir()
    (tmp_path / "unions" / "mine.yaml").write_text("union: mine\ndatasets: [naip, gls]\nalias: [ours]\n")
    checked = run("check", overlay=tmp_path)
    assert checked.exit_code == 1
    assert "mine.yaml:3: row alias: unknown key 'alias' (did you mean 'aliases'?)" in checked.stderr
    assert "mine" not in {union.union for union in load_mappings(tmp_path).unions}


def test_a_draft_is_a_valid_mapping_that_mentions_every_field(tmp_path: Path) -> None:
    entry, scene = entry_of("landsat_ot_c2_l2"), read_scene(raw_scene("landsat_ot_c2_l2"))
    assert entry.details is not None
    text = draft(entry.dataset, entry.details.filters, scene)
    (tmp_path / "mine.yaml").write_text(text)
    mapping = read_mapping(tmp_path / "mine.yaml")
    assert mapping.dataset == "landsat_ot_c2_l2"
    row = mapping.properties["m2m:wrs_path"]
    assert row.filter is not None
    assert (row.field, row.filter.between) == ("WRS Path", "WRS Path")
    assert all(label in text.casefold() for label in scene.fields)


def test_a_mapping_is_compared_with_m2ms_labels() -> None:
    entry, scene = entry_of("landsat_ot_c2_l2"), read_scene(raw_scene("landsat_ot_c2_l2"))
    assert entry.details is not None
    before = missing(entry.mapping, entry.details.filters, scene)
    assert not [fault for fault in before if "field" in fault or "WRS" in fault]
    renamed = tuple(
        DatasetFilter.model_validate({**offer.model_dump(by_alias=True), "fieldLabel": "WRS Path No"})
        if offer.label == "WRS Path"
        else offer
        for offer in entry.details.filters
    )
    (fault,) = set(missing(entry.mapping, renamed, scene)) - set(before)
    assert fault == "properties.landsat:wrs_path: there is no filter 'WRS Path' (did you mean 'WRS Path No'?)"
    without = read_scene(raw_scene("landsat_ot_c2_l2") | {"metadata": []})
    assert any("there is no field 'WRS Row'" in fault for fault in missing(entry.mapping, renamed, without))


@pytest.mark.parametrize("dataset", ["naip", "corona2"])
def test_new_drafts_a_mapping_for_a_dataset_of_the_sandbox(dataset: str) -> None:
    drafted = run("new", dataset)
    assert drafted.exit_code == 0, drafted.stderr
    assert yaml.safe_load(drafted.stdout)["dataset"] == dataset


def test_new_rejects_a_dataset_that_m2m_does_not_list() -> None:
    drafted = run("new", "nothing_of_the_kind")
    assert drafted.exit_code == 1
    assert "M2M lists no dataset 'nothing_of_the_kind'" in drafted.stderr


def test_the_shipped_mappings_agree_with_the_sandbox() -> None:
    checked = run("check", "--live")
    assert "mappings read, 0 faults" in checked.stdout, checked.stderr
    assert checked.exit_code == 0


def test_check_live_reports_a_filter_that_m2m_does_not_have(tmp_path: Path) -> None:
    rows = (
        "dataset: naip\nextends: _generic\nproperties:\n  gsd: {field: Resolution, filter: {equals: No Such Label}}\n"
    )
    (tmp_path / "mine.yaml").write_text(rows)
    checked = run("check", "--live", overlay=tmp_path)
    assert checked.exit_code == 1
    assert "there is no filter 'No Such Label'" in checked.stdout + checked.stderr


def test_json_output_has_the_same_content(tmp_path: Path) -> None:
    listed = json.loads(run("list", "--json").stdout)
    assert {file["dataset"] for file in listed["mappings"]} >= set(load_mappings().by_dataset)
    assert "landsat-c2-l2" in {union["union"] for union in listed["unions"]}
    assert json.loads(run("show", "landsat_tm_c2_l2", "--json").stdout)["rows"]["assets"]["red"]["file"] == "SR_B3.TIF"
    (tmp_path / "mine.yaml").write_text("dataset: naip\nextends: _generic\nproperties:\n  gsd: {feild: Resolution}\n")
    checked = run("check", "--json", overlay=tmp_path)
    assert checked.exit_code == 1
    assert "mine.yaml:4" in json.loads(checked.stdout)["faults"][0]
