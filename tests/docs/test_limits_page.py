"""The page of limits lists those that there are, with the numbers that hold."""

from __future__ import annotations

import re
from pathlib import Path

from stac_bridge.api.json_body import MAX_VALUES
from stac_bridge.api.middleware.disconnect import BODY_TIMEOUT, MAX_BODIES
from stac_bridge.api.routes.sign import MAX_SIGN_VALUES
from stac_bridge.assets.read.ranges import MAX_RANGES
from stac_bridge.assets.read.tar import MAX_MEMBERS
from stac_bridge.cli.connection import HEADER_TIMEOUT, MAX_HEADER_BYTES, SEND_TIMEOUT
from stac_bridge.search import Limits
from stac_bridge.search.paging.fetch_size import MAX_CALLS, MAX_TOTAL_CALLS
from stac_bridge.search.plan import MAX_COMPILED
from stac_bridge.settings import Settings
from stac_bridge.store.memory import MAX_BYTES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"\| `STAC_BRIDGE_([A-Z_]+)` \| (\d+)", TEXT))


def test_every_limit_is_listed_with_its_default() -> None:
    limits = {name for name in Settings.model_fields if name.startswith("max_")} - {"max_items"} | {"rate"}
    assert {name.lower(): int(number) for name, number in ROWS.items()} == {
        name: Settings.model_fields[name].default for name in limits
    }


def work_rows() -> dict[str, tuple[float, str]]:
    """The table of limits of work: limit → number and setting."""
    section = TEXT.partition("## Limits of work\n")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:2] == "| "]
    return {name: (float(number), setting) for name, number, setting, _beyond in cells[1:]}


def test_limits_of_work_are_those_of_the_code() -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    numbers = {
        "requests queued for the M2M account": settings.queue,
        "seconds of a response": settings.deadline,
        "calls to M2M of a search in one collection before the first match": MAX_CALLS,
        "calls to M2M of a search in many collections before the first match": MAX_TOTAL_CALLS,
        "seconds that a request waits for a file in preparation": settings.staging_wait,
        "ranges in one request for a file": MAX_RANGES,
        "members of a tar archive that are read": MAX_MEMBERS,
        "bytes of cached responses in memory, for each worker": MAX_BYTES,
        "bytes of spooled files on disk": settings.spool_bytes,
    }
    rows = work_rows()
    assert {name: number for name, (number, _setting) in rows.items()} == numbers
    for _number, setting in rows.values():
        assert setting == "none" or setting.split("`")[1].removeprefix("STAC_BRIDGE_").lower() in Settings.model_fields


def test_what_a_search_may_bring_by_itself_is_what_the_settings_say() -> None:
    for name in ("items", "ids", "collections", "vertices", "filter", "depth"):
        assert getattr(Limits(), name) == Settings.model_fields[f"max_{name}"].default
    assert str(Limits().text) in TEXT


def test_the_maximum_number_of_search_terms_is_listed_though_no_setting_changes_it() -> None:
    assert re.search(rf"^\| terms of `q` .*\| {Limits().terms} \|$", TEXT, re.MULTILINE)


def test_the_limits_without_a_setting_are_listed() -> None:
    numbers = [int(number) for number in re.findall(r"\| none \| (\d+) \|$", TEXT, re.MULTILINE)]
    assert numbers == [
        *(MAX_VALUES, MAX_SIGN_VALUES, Limits().conditions, MAX_COMPILED, Limits().terms),
        *(MAX_HEADER_BYTES, HEADER_TIMEOUT, BODY_TIMEOUT, MAX_BODIES, SEND_TIMEOUT),
    ]
