"""Tables that are made from the code are what the code makes of them today."""

from __future__ import annotations

import re

from stac_bridge import errors
from stac_bridge.api.errors import STATUS
from stac_bridge.mapping import load_mappings
from tests.docs import errors_table, filters_table, gallery
from tests.support import Here


async def test_what_filters_cost_is_what_a_server_answers_with() -> None:
    text = filters_table.PAGE.read_text(encoding="utf-8")
    assert filters_table.written(text, await filters_table.tables()) == text, "run python -m tests.docs.filters_table"


def test_the_page_of_errors_has_every_error_with_its_status() -> None:
    text = errors_table.PAGE.read_text(encoding="utf-8")
    assert errors_table.written(text) == text, "run python -m tests.docs.errors_table"
    assert errors_table.kinds().keys() == {kind.__name__ for kind in STATUS}
    assert errors_table.kinds().keys() == errors_table.WHAT_TO_DO.keys()
    assert {name for name, kind in vars(errors).items() if isinstance(kind, type)} - errors_table.kinds().keys() == {
        "BridgeError",
        "UpstreamError",
    }, "those of the tree"


async def test_errors_of_the_framework_have_the_codes_that_the_page_names(here: Here) -> None:
    told = errors_table.PAGE.read_text(encoding="utf-8").partition("Beside these are")[2].partition("## ")[0]
    named = dict(re.findall(r"`(\w+)` \((\d+)\)", told))
    for answer in (await here.get("/nothing/here"), await here.client.delete("/search")):
        assert named[answer.json()["code"]] == str(answer.status_code)
    assert "InternalError" in named


def test_the_gallery_has_every_dataset_with_a_mapping_and_every_union() -> None:
    text = gallery.PAGE.read_text(encoding="utf-8")
    assert gallery.written(text) == text, "run python -m tests.docs.gallery"
    mappings = load_mappings()
    for name in (*mappings.by_dataset, *(one.union for one in mappings.unions)):
        assert f"<br>`{name}`<br>" in text, name
    for picture in re.findall(r"\]\((\S+\.jpg)\)", text):
        assert (gallery.PAGE.parent / picture).is_file()
