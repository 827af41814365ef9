"""The example Items of docs/ are what the code makes of their scenes today, and are valid."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stac_bridge.mapping import load_mappings
from tests.docs import example_items
from tests.validation import validate

ALIASES = list(example_items.rows())
RENEW = "run python -m tests.docs.example_items"


@pytest.fixture(scope="module")
def items() -> dict[str, Any]:
    return example_items.items()


def test_the_page_lists_every_example_with_its_source() -> None:
    text = example_items.PAGE.read_text(encoding="utf-8")
    assert example_items.written(text) == text, RENEW
    assert set(re.findall(r"\(items/(\w+)\.json\)", text)) == set(ALIASES)
    assert {file.stem for file in example_items.FOLDER.iterdir()} == set(ALIASES)


@pytest.mark.parametrize("alias", ALIASES)
def test_an_example_is_what_the_code_makes_today(items: dict[str, Any], alias: str) -> None:
    assert (example_items.FOLDER / f"{alias}.json").read_text() == example_items.as_text(items[alias]), RENEW


@pytest.mark.parametrize("alias", ALIASES)
def test_an_example_is_valid_by_the_schemas_that_it_declares(items: dict[str, Any], alias: str) -> None:
    validate(items[alias])


def test_every_dataset_with_a_mapping_of_its_own_has_an_example() -> None:
    closed = {"eo1_ali_priv"}  # its scenes are those of eo1_ali_pub that only some accounts see
    assert load_mappings().by_dataset.keys() - closed <= set(ALIASES)
