"""``stac-bridge mappings``: the files as people look at them, and errors that lead to the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from stac_bridge.cli import app
from stac_bridge.cli.drafts import draft, missing
from stac_bridge.m2m.models.datasets import DatasetFilter
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings, read_mapping
from tests.support import entry_of, raw_scene


def run(*arguments: str, overlay: Path | None = None) -> Result:
    env = {"STAC_BRIDGE_MAPPINGS": str(overlay) if overlay else "", "STAC_BRIDGE_M2M_USERNAME": ""}
    return CliRunner().invoke(app, ["mappings", *arguments], env=env)


def test_list_names_every_dataset_and_pattern() -> None:
    lines = run("list").stdout.splitlines()
    named = {line.split()[0] for line in lines}
    mappings = load_mappings()
    assert {*mappings.by_dataset, *(one.dataset for one in mappings.by_pattern)} <= named
    assert not [line for line in lines if "_landsat_c2.yaml" in line]


def test_show_lays_the_rows_over_what_they_extend() -> None:
    shown = yaml.safe_load(run("show", "landsat_tm_c2_l2").stdout)
    assert shown["dataset"] == "landsat_tm_c2_l2"
    assert shown["assets"]["red"]["file"] == "SR_B3.TIF"
    assert shown["assets"]["red"]["title"] == "Red Band"
    assert yaml.safe_load(run("show", "event303").stdout)["dataset"] == "event*"


@pytest.mark.parametrize("name", ["landsat-c2-l2", "landsat-c2l2-sr"])
def test_show_knows_a_union_by_each_of_its_names(name: str) -> None:
    shown = yaml.safe_load(run("show", name).stdout)
    assert shown["union"] == "landsat-c2-l2"
    assert "landsat_ot_c2_l2" in shown["datasets"]


def test_check_finds_no_fault_in_the_shipped_files() -> None:
    checked = run("check")
    assert checked.exit_code == 0
    assert "0 faults" in checked.stdout


def test_check_leads_to_the_line_and_leaves_with_1(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("dataset: naip\nextends: _generic\nproperties:\n  gsd: {feild: Resolution}\n")
    checked = run("check", overlay=tmp_path)
    assert checked.exit_code == 1
    assert "mine.yaml:4: row properties.gsd.feild" in checked.stderr
    assert "did you mean 'field'" in checked.stderr
    assert "(broken)" in run("list", overlay=tmp_path).stdout


def test_a_union_is_listed_and_its_faults_lead_to_the_line(tmp_path: Path) -> None:
    assert "landsat-c2-l2" in run("list").stdout
    (tmp_path / "unions").mkdir()
    (tmp_path / "unions" / "mine.yaml").write_text("union: mine\ndatasets: [naip, gls]\nalias: [ours]\n")
    checked = run("check", overlay=tmp_path)
    assert checked.exit_code == 1
    assert "mine.yaml:3: row alias: unknown key 'alias' (did you mean 'aliases'?)" in checked.stderr
    assert "mine" not in {one.union for one in load_mappings(tmp_path).unions}


def test_a_draft_is_a_mapping_that_reads_and_names_every_field(tmp_path: Path) -> None:
    entry, scene = entry_of("landsat_ot_c2_l2"), read_scene(raw_scene("landsat_ot_c2_l2"))
    assert entry.learnt is not None
    written = draft(entry.dataset, entry.learnt.filters, scene)
    (tmp_path / "mine.yaml").write_text(written)
    mapping = read_mapping(tmp_path / "mine.yaml")
    assert mapping.dataset == "landsat_ot_c2_l2"
    row = mapping.properties["m2m:wrs_path"]
    assert row.filter is not None
    assert (row.field, row.filter.between) == ("WRS Path", "WRS Path")
    assert all(label in written.casefold() for label in scene.fields)


def test_a_mapping_is_compared_with_what_m2m_says() -> None:
    entry, scene = entry_of("landsat_ot_c2_l2"), read_scene(raw_scene("landsat_ot_c2_l2"))
    assert entry.learnt is not None
    before = missing(entry.mapping, entry.learnt.filters, scene)
    assert not [one for one in before if "field" in one or "WRS" in one]
    renamed = tuple(
        DatasetFilter.model_validate({**one.model_dump(by_alias=True), "fieldLabel": "WRS Path No"})
        if one.label == "WRS Path"
        else one
        for one in entry.learnt.filters
    )
    (fault,) = set(missing(entry.mapping, renamed, scene)) - set(before)
    assert fault == "properties.landsat:wrs_path: there is no filter 'WRS Path' (did you mean 'WRS Path No'?)"
    without = read_scene(raw_scene("landsat_ot_c2_l2") | {"metadata": []})
    assert any("there is no field 'WRS Row'" in one for one in missing(entry.mapping, renamed, without))


@pytest.mark.parametrize("dataset", ["naip", "corona2"])
def test_new_drafts_a_dataset_of_the_sandbox(dataset: str) -> None:
    drafted = run("new", dataset)
    assert drafted.exit_code == 0, drafted.stderr
    assert yaml.safe_load(drafted.stdout)["dataset"] == dataset


def test_new_refuses_what_m2m_does_not_list() -> None:
    drafted = run("new", "nothing_of_the_kind")
    assert drafted.exit_code == 1
    assert "M2M lists no dataset 'nothing_of_the_kind'" in drafted.stderr


def test_the_filters_and_products_that_mappings_name_are_those_that_m2m_has() -> None:
    checked = run("check", "--live")
    assert "mappings read, 0 faults" in checked.stdout, checked.stderr
    assert checked.exit_code == 0


def test_check_live_tells_of_a_filter_that_m2m_does_not_have(tmp_path: Path) -> None:
    rows = (
        "dataset: naip\nextends: _generic\nproperties:\n  gsd: {field: Resolution, filter: {equals: No Such Label}}\n"
    )
    (tmp_path / "mine.yaml").write_text(rows)
    checked = run("check", "--live", overlay=tmp_path)
    assert checked.exit_code == 1
    assert "there is no filter 'No Such Label'" in checked.stdout + checked.stderr


def test_programs_read_the_same_as_json(tmp_path: Path) -> None:
    listed = json.loads(run("list", "--json").stdout)
    assert {one["dataset"] for one in listed["mappings"]} >= set(load_mappings().by_dataset)
    assert "landsat-c2-l2" in {one["union"] for one in listed["unions"]}
    assert json.loads(run("show", "landsat_tm_c2_l2", "--json").stdout)["rows"]["assets"]["red"]["file"] == "SR_B3.TIF"
    (tmp_path / "mine.yaml").write_text("dataset: naip\nextends: _generic\nproperties:\n  gsd: {feild: Resolution}\n")
    checked = run("check", "--json", overlay=tmp_path)
    assert checked.exit_code == 1
    assert "mine.yaml:4" in json.loads(checked.stdout)["faults"][0]
