"""The recordings are a treaty: the sandbox's answers have their keys and their types, or a reason why not."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from m2m_sandbox.archive.datasets import datasets, filters_of
from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.small import SMALL
from tests.contract.answers import answers as ask_all
from tests.contract.samples import samples
from tests.contract.table import PAGE, Row, page, reason_of, reasons, rows, unlike
from tests.support import RECORDINGS, REFERENCE, SHARED, needs_shared

LANDSAT = "landsat_ot_c2_l2"
RECORDED = RECORDINGS / "recorded"


@pytest.fixture(scope="module")
def answers() -> dict[str, list[Any]]:
    """The sandbox's answers, by endpoint."""
    return ask_all()


@pytest.fixture(scope="module")
def compared(answers: dict[str, list[Any]]) -> list[Row]:
    """The sandbox against everything known."""
    return rows(samples(), answers)


def test_every_difference_from_what_is_known_has_a_reason(compared: list[Row]) -> None:
    assert [row for row in compared if unlike(row) and not reason_of(row)] == []


def test_every_reason_is_still_needed(compared: list[Row]) -> None:
    used = {found[0] for row in compared if unlike(row) and (found := reason_of(row))}
    endpoints = {row.endpoint for row in compared}
    assert {key for key in reasons() if key.split()[0] in endpoints | {"*"}} == used


def test_the_page_of_the_contract_is_what_the_sandbox_does(compared: list[Row]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(compared), "python -m tests.contract.table writes it anew"


def test_the_sandbox_is_asked_for_every_endpoint_that_was_recorded(compared: list[Row]) -> None:
    recorded = {path.name.partition("__")[0] for path in RECORDED.glob("*.json")}
    assert recorded <= {row.endpoint for row in compared}


@needs_shared
def test_the_shipped_recordings_have_every_place_and_kind_of_the_whole_record(answers: dict[str, list[Any]]) -> None:
    assert rows(samples(), answers) == rows(samples(SHARED / "m2m"), answers)


def test_a_difference_is_found_at_any_depth() -> None:
    known = {"scene-search": [{"data": {"results": [{"cloudCover": None, "browse": [{"id": "a"}]}]}}]}
    ours = {"scene-search": [{"data": {"results": [{"cloudCover": 3, "browse": []}], "more": {"a": 1}}}]}
    found = {row.place: (row.recorded, row.given) for row in rows(known, ours) if unlike(row)}
    assert found == {
        "data.results[].cloudCover": (("null",), ("number",)),
        "data.results[].browse[]": (("object",), ()),
        "data.more": ((), ("object",)),
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("RATE_LIMIT", "Your account does not support multiple requests at a time."),
        ("DATASET_INVALID", "An invalid dataset has been provided"),
    ],
)
def test_errors_are_in_m2ms_own_words(name: str, said: str, answers: dict[str, list[Any]]) -> None:
    recorded = orjson.loads((RECORDED / f"error__{name}__1.json").read_bytes())
    assert recorded["errorMessage"] == said
    assert (name, said) in {(one["errorCode"], one["errorMessage"]) for one in answers["error"]}


def test_the_ids_of_filters_are_those_that_were_recorded() -> None:
    recorded = orjson.loads((RECORDED / "dataset-filters__landsat_ot_c2_l2__1.json").read_bytes())["data"]
    partial = orjson.loads((RECORDED / "partial/dataset-filters__landsat_ot_c2_l2__2.json").read_bytes())
    real = {one["fieldLabel"]: (one["id"], one["searchSql"]) for one in (*partial["rows"], *recorded)}
    assert {one["fieldLabel"]: (one["id"], one["searchSql"]) for one in filters_of(LANDSAT)} == real


def test_the_files_of_a_landsat_product_are_those_that_were_recorded(answers: dict[str, list[Any]]) -> None:
    said = orjson.loads((RECORDED / "partial/secondary-entityIds__landsat_band_files_c2_l2__1.json").read_bytes())
    product = re.compile(r"LC0\d_L2SP_\d{6}_\d{8}_\d{8}_02_T\d")
    options = next(data for one in answers["download-options"] if (data := one["data"])[0]["secondaryDownloads"])
    ours = {product.sub("*", one["entityId"]) for one in options[0]["secondaryDownloads"]}
    assert ours == {product.sub("*", one) for one in said["entityIds"]}


def test_the_facts_of_a_dataset_are_those_that_were_recorded() -> None:
    """Texts are the sandbox's own; the catalogue of 2021 is older than what has changed since."""
    every = orjson.loads((RECORDED / "dataset-search__all__1.json").read_bytes())["data"]
    real = {one["datasetAlias"]: one for one in every}
    fixed = ("datasetId", "collectionName", "catalogs", "acquisitionStart", "spatialBounds", "supportCloudCover")
    found = [one for one in datasets() if one["datasetAlias"] in SMALL and one["datasetAlias"] in real]
    assert len(found) >= 8
    for one in found:
        assert {key: one[key] for key in fixed} == {key: real[one["datasetAlias"]][key] for key in fixed}


def test_every_label_of_the_sandboxs_scenes_is_known() -> None:
    """In the reference, families are written short (``Corner Upper/Lower Left/Right``)."""
    from stac_bridge.m2m.models.scenes import fold

    known = fold(REFERENCE.read_text(encoding="utf-8"))
    known += fold("".join(path.read_text(encoding="utf-8") for path in RECORDED.rglob("*.json")))
    short = ("corner upper", "corner lower", "scene center", "center l", "target ", "orbit ", "geometric rmse")
    short = (*short, "ground control", "publication", "sun ", "scene st", "nw ", "ne ", "se ", "sw ")
    for archive in (landsat(), *(make() for make in SMALL.values())):
        for field in archive.scene(3, full=True)["metadata"] if len(archive) else ():
            label = fold(field["fieldName"])
            assert label in known or label.startswith(short), label
