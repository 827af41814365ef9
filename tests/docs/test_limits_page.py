"""The page of limits lists those that there are, with the numbers that hold."""

from __future__ import annotations

import re
from pathlib import Path

from stac_bridge.api.json_body import MAX_VALUES
from stac_bridge.api.routes.sign import MAX_SIGN_VALUES
from stac_bridge.search import Limits
from stac_bridge.search.plan import MAX_COMPILED
from stac_bridge.settings import Settings

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"\| `STAC_BRIDGE_([A-Z_]+)` \| (\d+)", TEXT))


def test_every_limit_is_listed_with_its_default() -> None:
    limits = {name for name in Settings.model_fields if name.startswith("max_")} - {"max_items"} | {"rate"}
    assert {name.lower(): int(number) for name, number in ROWS.items()} == {
        name: Settings.model_fields[name].default for name in limits
    }


def test_what_a_search_may_bring_by_itself_is_what_the_settings_say() -> None:
    for name in ("items", "ids", "collections", "vertices", "filter", "depth"):
        assert getattr(Limits(), name) == Settings.model_fields[f"max_{name}"].default
    assert str(Limits().text) in TEXT


def test_the_maximum_number_of_search_terms_is_listed_though_no_setting_changes_it() -> None:
    assert re.search(rf"^\| terms of `q` .*\| {Limits().terms} \|$", TEXT, re.MULTILINE)


def test_the_limits_without_a_setting_are_listed() -> None:
    numbers = [int(number) for number in re.findall(r"\| none \| (\d+) \|$", TEXT, re.MULTILINE)]
    assert numbers == [MAX_VALUES, MAX_SIGN_VALUES, Limits().conditions, MAX_COMPILED, Limits().terms]
