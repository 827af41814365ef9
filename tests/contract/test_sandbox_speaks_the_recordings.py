"""The recordings are a treaty: the sandbox's answers have their keys and their types."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from stac_bridge.sandbox import create_sandbox
from tests.support import FIXTURES, SHARED, needs_shared

OWN = sorted((FIXTURES / "m2m").glob("*.json"))
RECORDED = sorted((SHARED / "m2m" / "recorded").glob("*.json"))
FRAME, SCENE = "DS1117-2086DA007", "LC80470272020339LGN00"
LANDSAT = "landsat_ot_c2_l2"

LANDSAT_SEARCH = {
    "datasetName": LANDSAT,
    "maxResults": 50,
    "metadataType": "full",
    "sceneFilter": {"seasonalFilter": [6]},
}
ASKED: dict[str, list[dict[str, Any]]] = {
    "dataset": [{"datasetName": "corona2"}, {"datasetName": "landsat_band_files_c2_l2"}],
    "dataset-search": [{}],
    "dataset-filters": [{"datasetName": LANDSAT}, {"datasetName": "corona2"}],
    "dataset-download-options": [{"datasetName": LANDSAT}],
    "scene-search": [LANDSAT_SEARCH, {**LANDSAT_SEARCH, "datasetName": "corona2", "metadataType": None}],
    "scene-metadata": [{"datasetName": LANDSAT, "entityId": SCENE}],
    "scene-list-add": [{"listId": "x", "datasetName": "corona2", "entityIds": [FRAME]}],
    "scene-list-get": [{"listId": "x"}],
    "download-options": [
        {"datasetName": "corona2", "entityIds": [FRAME]},
        {"datasetName": LANDSAT, "entityIds": [SCENE]},
    ],
    "download-request": [
        {"downloads": [{"entityId": FRAME, "productId": "5e839feb28131aac"}], "label": "download-sample"},
        {"downloads": [{"entityId": SCENE, "productId": "5e83d14fec7cae84"}], "label": "download-sample"},
        {"downloads": [{"entityId": "DS1117-2086DA017", "productId": "5e839feb28131aac"}], "label": "download-sample"},
    ],
    "download-retrieve": [{"label": "download-sample"}],
}
"""What the sandbox is asked, for each recorded endpoint."""

OPTIONAL = {
    "sessionId",  # for some account types or times only [REFERENCE §1]
    "isCustomized",  # missing in 2020 [REFERENCE §3]
    "hasCustomizedMetadata",  # null, false or absent [REFERENCE §5]
    "entityId",  # of granted downloads, since about 2025 [REFERENCE §8]
    "errorCode",  # of retrieved downloads, in some recordings
    "valueList",  # of Select filters
    "validators",
    "size",
}
"""Keys that some recordings have and the sandbox need not have everywhere."""


@pytest.fixture(scope="module")
def answers() -> dict[str, list[Any]]:
    """The sandbox's answers, by endpoint."""
    return asyncio.run(_answers())


async def _answers() -> dict[str, list[Any]]:
    now = 1_800_000_000.0
    sandbox = create_sandbox(base_url="http://sandbox", staging_seconds=150, clock=lambda: now)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox") as client:

        async def ask(endpoint: str, said: Any, key: str = "") -> Any:
            nonlocal now
            now += 100  # so that of the files from tape one is ready at last, and one is not
            answer = await client.post(f"/api/api/json/stable/{endpoint}", json=said, headers={"X-Auth-Token": key})
            return answer.json()

        key = (await ask("login-token", {"username": "anybody", "token": "any"}))["data"]
        return {name: [await ask(name, said, key) for said in every] for name, every in ASKED.items()}


def endpoint_of(path: Path) -> str:
    return path.name.partition("__")[0]


def shapes(value: Any, place: str = "") -> dict[str, set[str]]:
    """Every place in an answer → the types that stand there; elements of lists and values of id maps are one place."""
    found: dict[str, set[str]] = {place: {type(value).__name__}}
    if isinstance(value, dict):
        by_id = all(key.isdigit() for key in value) and bool(value)
        parts = [(f"{place}.*" if by_id else f"{place}.{key}", part) for key, part in value.items()]
    elif isinstance(value, list) and not place.endswith("coordinates"):
        parts = [(f"{place}[]", part) for part in value]
    else:
        parts = []
    for where, part in parts:
        for name, kinds in shapes(part, where).items():
            found.setdefault(name, set()).update(kinds)
    return found


def merged(every: list[Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in every:
        for name, kinds in shapes(one).items():
            found.setdefault(name, set()).update(kinds)
    return found


COMPARED = [path for path in (*OWN, *RECORDED) if endpoint_of(path) in ASKED]
TOLERATED = {"int": "float", "NoneType": None}


@pytest.mark.parametrize("path", COMPARED, ids=lambda path: path.stem)
def test_the_sandbox_has_every_key_that_was_recorded(path: Path, answers: dict[str, list[Any]]) -> None:
    ours = merged(answers[endpoint_of(path)])
    for place in shapes(orjson.loads(path.read_bytes())):
        last = place.rpartition(".")[2].removesuffix("[]")
        # what only an element has can be compared where the sandbox has an element
        if last not in OPTIONAL and ".valueList." not in place and ".options." not in place:
            assert place in ours, place


@needs_shared
def test_the_sandboxs_types_are_those_that_were_recorded(answers: dict[str, list[Any]]) -> None:
    for endpoint, said in answers.items():
        recorded = merged([orjson.loads(path.read_bytes()) for path in RECORDED if endpoint_of(path) == endpoint])
        for place, kinds in merged(said).items():
            known = recorded.get(place)
            if known is None or place.endswith(".value"):
                continue
            strange = {kind for kind in kinds - known if kind != "NoneType" and TOLERATED.get(kind) not in known}
            assert not strange - ALSO_KNOWN.get(place.rpartition(".")[2], set()), (endpoint, place, strange, known)


ALSO_KNOWN = {
    "cloudCover": {"int", "str"},  # [REFERENCE §5]
    "legacyFieldId": {"NoneType"},
    "options": {"dict", "list"},  # [REFERENCE §1]
    "numElements": {"str", "int"},
    "overlayPath": {"str"},
    "duplicateProducts": {"dict", "list"},
    "newRecords": {"dict", "list"},
    "downloadName": {"str"},
    "orderingId": {"str"},
    "keywords": {"str"},
    "ingestFrequency": {"str"},
}


@pytest.mark.parametrize("name", ["RATE_LIMIT", "DATASET_INVALID"])
def test_errors_are_in_m2ms_own_words(name: str) -> None:
    recorded = orjson.loads((FIXTURES / "m2m" / f"error__{name}.json").read_bytes())
    from stac_bridge.sandbox.accounts import Accounts
    from stac_bridge.sandbox.holdings import name_of
    from stac_bridge.sandbox.refusal import Refusal

    accounts = Accounts(60, lambda: 0.0)
    account = accounts.log_in({"username": "a", "token": "b"})
    with pytest.raises(Refusal) as refusal:  # noqa: PT012 -- the first turn is held while a second is asked for
        if name == "DATASET_INVALID":
            name_of("no_such_dataset")
        with accounts.turn(account), accounts.turn(account):
            pass
    assert (refusal.value.code, refusal.value.message) == (recorded["errorCode"], recorded["errorMessage"])


@needs_shared
def test_the_ids_of_filters_are_those_that_were_recorded() -> None:
    from stac_bridge.sandbox.holdings import filters_of

    recorded = orjson.loads((SHARED / "m2m/recorded/dataset-filters__landsat_ot_c2_l2__1.json").read_bytes())["data"]
    partial = orjson.loads((SHARED / "m2m/recorded/partial/dataset-filters__landsat_ot_c2_l2__2.json").read_bytes())
    real = {one["fieldLabel"]: (one["id"], one["searchSql"]) for one in (*partial["rows"], *recorded)}
    assert {one["fieldLabel"]: (one["id"], one["searchSql"]) for one in filters_of(LANDSAT)} == real


@needs_shared
def test_every_label_of_the_sandboxs_scenes_is_known() -> None:
    """In REFERENCE, families are written short (``Corner Upper/Lower Left/Right``)."""
    from stac_bridge.m2m.models import fold
    from stac_bridge.sandbox.few import corona, naip
    from stac_bridge.sandbox.landsat import landsat

    known = fold((SHARED / "m2m/REFERENCE.md").read_text(encoding="utf-8"))
    known += fold("".join(path.read_text(encoding="utf-8") for path in (SHARED / "m2m/recorded").rglob("*.json")))
    families = (
        "corner upper",
        "corner lower",
        "scene center",
        "center l",
        "target wrs",
        "geometric rmse",
        "ground control",
    )
    for archive in (landsat(), naip(), corona()):
        for field in archive.scene(3, full=True)["metadata"]:
            label = fold(field["fieldName"])
            assert label in known or label.startswith(families), label
