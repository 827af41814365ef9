"""The tables of docs/filters.md, made from the answers of a server: ``python -m tests.docs.filters_table``."""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from stac_bridge.mapping import Row, load_mappings
from tests.support import ORIGIN, Here, running

PAGE = Path(__file__).resolve().parents[2] / "docs" / "filters.md"
_PLACE = re.compile(r"(<!-- (filters|sorts|properties): [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)

WEEK = {"datetime": "2024-07-22T00:00:00Z/2024-07-28T23:59:59Z"}
ALPS = {"bbox": "5.9,45.4,6.5,45.8"}
SHAPE = '{"type":"Polygon","coordinates":[[[5.9,45.4],[6.5,45.4],[6.2,45.8],[5.9,45.4]]]}'
LANDSAT = "landsat_ot_c2_l2"


@dataclass(frozen=True)
class Probe:
    """A search as the table shows it, and the parameters that are shown as this."""

    shown: str
    params: dict[str, str] = field(default_factory=dict)


def _filter(text: str) -> Probe:
    return Probe(f"`{text}`", {**WEEK, "filter": text})


SEARCHES = [
    Probe("whole days", WEEK),
    Probe("part of a day, `bbox`", {"datetime": "2024-07-28T10:00:00Z/2024-07-28T11:00:00Z", **ALPS}),
    Probe("`bbox`", {**WEEK, **ALPS}),
    Probe("`intersects`", {**WEEK, "intersects": SHAPE}),
    Probe("`ids`", {"ids": "LC08_L2SP_196028_20240728_20240807_02_T1"}),
    _filter("eo:cloud_cover <= 10"),
    _filter("eo:cloud_cover IS NOT NULL"),
    _filter("\"landsat:wrs_path\" = '191' AND \"landsat:wrs_row\" = '031'"),
    _filter("\"landsat:wrs_path\" IN ('191','192')"),
    _filter("\"landsat:wrs_path\" = '191' OR platform = 'landsat-9'"),
    _filter("\"landsat:wrs_path\" = '191' OR eo:cloud_cover < 5"),
    _filter("platform = 'landsat-9'"),
    _filter("NOT platform = 'landsat-9'"),
    _filter("landsat:collection_category = 'T1'"),
    _filter("m2m:month = 7"),
    _filter("id LIKE 'LC09_L2SP_19%'"),
    _filter("CASEI(platform) = CASEI('Landsat-9')"),
    _filter("view:sun_elevation > 60"),
    _filter("landsat:cloud_cover_land < 5"),
    _filter("platform = 'landsat-5'"),
]
SORTS = [
    Probe("`-datetime`, of a place", {**WEEK, **ALPS, "sortby": "-datetime"}),
    Probe("`datetime`, of ten years", {"datetime": "2014-01-01T00:00:00Z/2023-12-31T23:59:59Z", "sortby": "datetime"}),
    Probe("`eo:cloud_cover`", {**WEEK, "sortby": "eo:cloud_cover"}),
    Probe("`eo:cloud_cover`, except unknown", {**WEEK, "sortby": "eo:cloud_cover", "filter": "eo:cloud_cover <= 100"}),
    Probe("`eo:cloud_cover`, of a place", {**WEEK, **ALPS, "sortby": "eo:cloud_cover"}),
    Probe("`-view:sun_elevation`, of a place", {**WEEK, **ALPS, "sortby": "-view:sun_elevation"}),
    Probe("`-view:sun_elevation`, of the world", {**WEEK, "sortby": "-view:sun_elevation"}),
]


async def tables() -> dict[str, str]:
    """All tables by name, of a server and a sandbox within this process."""
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder), cache_ttl=0) as here:
            await here.get("/search", collections=LANDSAT, limit=1, **WEEK)  # logs in, and reads the catalog
            made = {"filters": _filters, "sorts": _sorts, "properties": _properties}
            return {name: await table(here) for name, table in made.items()}


async def _filters(here: Here) -> str:
    labels = await _labels(here)
    rows = ["| search | sent to M2M | exact | calls |", "|---|---|---|---|"]
    for probe in SEARCHES:
        step = (await here.get("/explain", collections=LANDSAT, **probe.params)).json()["steps"][0]
        exact = "yes" if not step["asked"] or step["exact"] else "no, re-checked"
        rows.append(f"| {probe.shown} | {_asked(step, labels)} | {exact} | {await _calls(here, probe)} |")
    return "\n".join(rows)


async def _sorts(here: Here) -> str:
    rows = ["| `sortby` | how | calls |", "|---|---|---|"]
    for probe in SORTS:
        told = (await here.get("/explain", collections=LANDSAT, **probe.params)).json()
        rows.append(f"| {probe.shown} | {told['order']} | {await _calls(here, probe)} |")
    return "\n".join(rows)


async def _properties(here: Here) -> str:
    """By Collection, the properties that are pushed down; each whose row has a filter is tried with one condition."""
    rows = ["| Collection | pushed and exact | pushed and re-checked |", "|---|---|---|"]
    mappings = load_mappings()
    for listed in (await here.get("/collections", limit=100, fields="id")).json()["collections"]:
        if not (mapping := mappings.by_dataset.get(listed["id"])):
            continue
        one = (await here.get(f"/collections/{listed['id']}")).json()
        found: dict[bool, list[str]] = {True: [], False: []}
        for name, row in mapping.properties.items():
            if row.filter and (value := _value(row, one["summaries"].get(name) if "summaries" in one else None)):
                told = (await here.get("/explain", collections=one["id"], filter=f'"{name}" = {value}')).json()
                (step,) = told["steps"]
                if step.get("scene_search", {}).get("sceneFilter"):
                    found[step["exact"]].append(f"`{name}`")
        rows.append(f"| `{one['id']}` | {', '.join(found[True])} | {', '.join(found[False])} |")
    return "\n".join(rows)


def _value(row: Row, listed: list[Any] | None) -> str | None:
    """Return a value that Items can have, in CQL2; None if they have lists."""
    if row.convert in ("percent", "month", "number"):
        return "7"
    if row.convert == "day":
        return "'2021-04-30'"
    value = next(iter(row.values.values())) if row.values else (listed or ["031"])[0]
    return f"'{value}'" if isinstance(value, str) else None


async def _calls(here: Here, probe: Probe) -> str:
    """Return the M2M calls of the first page, and the status if the search is refused."""
    answer = await here.get("/search", collections=LANDSAT, **probe.params)
    spent = answer.headers["X-M2M-Calls"]
    return spent if answer.is_success else f"{spent}, then {answer.status_code}"


async def _labels(here: Here) -> dict[str, str]:
    """The dataset's filters by id, as M2M lists them."""
    url = f"{ORIGIN}/api/api/json/stable/"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(here.sandbox), base_url=url) as m2m:
        login = await m2m.post("login-token", json={"username": "somebody", "token": "a-token"})
        key = {"X-Auth-Token": login.json()["data"]}
        listed = await m2m.post("dataset-filters", json={"datasetName": LANDSAT}, headers=key)
    return {one["id"]: " ".join(one["fieldLabel"].split()) for one in listed.json()["data"]}


def _asked(step: dict[str, Any], labels: dict[str, str]) -> str:
    """A scene filter in words."""
    if not step["asked"]:
        return f"nothing: {step['because']}"
    if "ids" in step:
        return "the scenes of these ids"
    said, words = step["scene_search"]["sceneFilter"], []
    if days := said.get("acquisitionFilter"):
        words.append("the week" if days["start"] == "2024-07-22" else "the day")
    if place := said.get("spatialFilter"):
        words.append("the box" if place["filterType"] == "mbr" else "the shape")
    if cloud := said.get("cloudCoverFilter"):
        words.append(f"cloud {cloud['min']} to {cloud['max']} %, known")
    if months := said.get("seasonalFilter"):
        words.append(f"month {', '.join(map(str, months))}")
    if tree := said.get("metadataFilter"):
        words.append(_tree(tree, labels))
    return "; ".join(words)


def _tree(tree: dict[str, Any], labels: dict[str, str]) -> str:
    kind = tree["filterType"]
    if kind in ("and", "or"):
        return f" {kind} ".join(_tree(one, labels) for one in tree["childFilters"])
    label = labels[tree["filterId"]]
    if kind == "between":
        return f"*{label}* {tree['firstValue']} to {tree['secondValue']}"
    return f"*{label}* {tree.get('operand', '=')} {tree['value']}"


def written(text: str, made: dict[str, str]) -> str:
    """The page's text with the tables that belong there."""
    return _PLACE.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), asyncio.run(tables())), encoding="utf-8")
