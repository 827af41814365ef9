"""Tests validate STAC without a network, by the schemas that are on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pystac
import pytest
from pystac.errors import STACValidationError
from pystac.validation import GetSchemaError

from stac_bridge.client.download.static_item import FILE_EXTENSION
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.translate import Translator
from stac_bridge.translate.extensions import EXTENSIONS, M2M_SCHEMA
from tests.support import SIGNED, entry_of, raw_scene
from tests.validation import SCHEMAS, LenientValidator, OfflineValidator, validate

BASE = "http://here/"
UNKNOWN = "https://stac-extensions.github.io/nothing/v1.0.0/schema.json"


@pytest.fixture
def item() -> dict[str, Any]:
    translator, scene = Translator(entry_of("landsat_ot_c2_l2")), read_scene(raw_scene("landsat_ot_c2_l2"))
    return translator.finish(translator.core(scene), scene, BASE, SIGNED)


@pytest.fixture
def alone(tmp_path: Path) -> OfflineValidator:
    """The validator of a clone that has nothing beside it."""
    return OfflineValidator(tmp_path / "absent")


def test_a_clone_alone_checks_an_item_against_stac_and_the_projects_own_extension(
    item: dict[str, Any], alone: OfflineValidator
) -> None:
    core, own = validate(item, alone)
    assert core.endswith("/v1.1.0/item-spec/json-schema/item.json")
    assert own == f"{BASE}{M2M_SCHEMA}"


@pytest.mark.parametrize("wrong", [{"geometry": "here"}, {"assets": []}, {"properties": {}}], ids=str)
def test_a_clone_alone_refuses_an_item_that_stac_refuses(
    item: dict[str, Any], alone: OfflineValidator, wrong: dict[str, Any]
) -> None:
    with pytest.raises(STACValidationError, match="item-spec"):
        validate({**item, **wrong}, alone)


def test_a_clone_alone_refuses_an_item_that_the_projects_own_extension_refuses(
    item: dict[str, Any], alone: OfflineValidator
) -> None:
    item["properties"]["m2m:dataset"] = ""
    with pytest.raises(STACValidationError, match=M2M_SCHEMA):
        validate(item, alone)


def test_other_programs_checks_pass_an_extension_without_a_schema_and_still_check_stac(
    item: dict[str, Any], tmp_path: Path
) -> None:
    lenient = LenientValidator(tmp_path / "absent")
    pystac.validation.validate_dict(item, extensions=[UNKNOWN], validator=lenient)
    with pytest.raises(STACValidationError, match="item-spec"):
        pystac.validation.validate_dict({**item, "assets": []}, extensions=[UNKNOWN], validator=lenient)


def test_with_schemas_beside_the_clone_an_extension_without_one_is_a_fault(
    item: dict[str, Any], tmp_path: Path
) -> None:
    item["stac_extensions"] = [UNKNOWN]
    with pytest.raises(AssertionError, match="nothing/v1"):
        validate(item, OfflineValidator(tmp_path))


def test_a_schema_that_is_not_on_this_machine_is_not_fetched(item: dict[str, Any], alone: OfflineValidator) -> None:
    with pytest.raises(GetSchemaError, match="tests use no network"):
        pystac.validation.validate_dict(item, extensions=[UNKNOWN], validator=alone)


@pytest.mark.skipif(
    not SCHEMAS.is_dir(),
    reason="NO SCHEMAS OF EXTENSIONS ARE BESIDE THIS CLONE: STAC was checked against its core and the project's own "
    "extension alone",
)
def test_each_extension_that_items_declare_has_its_schema_beside_the_clone() -> None:
    validator = OfflineValidator()
    assert [url for url in (*EXTENSIONS.values(), FILE_EXTENSION) if not validator.has(url)] == []
