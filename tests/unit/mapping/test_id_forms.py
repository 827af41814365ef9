"""Forms of ids: what they match, what they say about the Item, and which ones a mapping cannot have."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stac_bridge.mapping.id_forms import IdForm

PRODUCT = IdForm(form="{satellite:4}_{level:L2S?}_{place:6}_{day:8}_02_{tier:2}")


@pytest.mark.parametrize("rest", ["", "_SR", "_SR_B4.TIF", ".tar", ".tar.gz", "."])
def test_what_follows_a_separator_is_the_rest_of_a_files_name(rest: str) -> None:
    match = PRODUCT.match(f"LC08_L2SP_047027_20201204_02_T1{rest}")
    assert match is not None
    assert match.id == "LC08_L2SP_047027_20201204_02_T1"
    assert match.parts["day"] == "20201204"


@pytest.mark.parametrize(
    "identifier",
    ["", "LC08_L2SP_047027_20201204_02_T1X", "LC08_L1TP_047027_20201204_02_T1", "xLC08_L2SP", "%", "é" * 40],
)
def test_another_id_does_not_match(identifier: str) -> None:
    assert PRODUCT.match(identifier) is None


def test_wildcards_match_no_separator() -> None:
    assert IdForm(form="DS*").match("DS1117-2086DA007_a.tif") is not None
    assert IdForm(form="DS*_x").match("DS_1_x") is None
    assert IdForm(form="L[COT]8").match("LE8") is None


def test_a_template_writes_the_parts_in_capitals() -> None:
    form = IdForm(form="{ns:[ns]}{lat:2}_{ew:[ew]}{lon:3}_1arc_v3", id="SRTM1{ns}{lat}{ew}{lon}V3")
    match = form.match("n46_e006_1arc_v3.tif")
    assert match is not None
    assert match.id == "SRTM1N46E006V3"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"form": "{a}", "id": "{b}"}, "b is no part of the form"),
        ({"form": "{a}", "like": "{a}%"}, r"needs a part \{day:8\}"),
        ({"form": "{a}", "id": "{a}", "property": "m2m:entity_id"}, "one of id, like and property"),
    ],
)
def test_a_form_that_cannot_work_is_refused(rows: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        IdForm(**rows)
