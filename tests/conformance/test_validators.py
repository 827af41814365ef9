"""Judges that others wrote: stac-api-validator over what is declared, schemathesis over what is documented."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stac_api_validator import validations
from stac_api_validator.validations import QueryConfig, validate_api

from tests.recorded_m2m import ALL_GROUPS, EE, RecordedServer
from tests.serving import started
from tests.support import LONG, TIMEOUT_FACTOR
from tests.validation import look_up_schemas_offline

VALIDATED = [
    ["core", "features", "features#filter"],  # features looks at all that collections would
    ["item-search"],
    ["item-search#fields", "item-search#query"],
    pytest.param(["item-search#filter", "item-search#sort"], marks=pytest.mark.long),
]
"""In the validator's words, in parts that workers share. Its command does not take all of them, its function does."""

PLACE = {"type": "Polygon", "coordinates": [[[6, 46], [7, 46], [7, 47], [6, 47], [6, 46]]]}
QUESTIONS = QueryConfig(
    query_comparison_field="eo:cloud_cover",
    query_eq_value="100",
    query_neq_value="100",
    query_lt_value="50",
    query_lte_value="50",
    query_gt_value="50",
    query_gte_value="50",
    query_substring_field="platform",
    query_starts_with_value="landsat",
    query_ends_with_value="8",
    query_contains_value="sat",
    query_in_field="platform",
    query_in_values="landsat-8,landsat-9",
)

_IN = """search with Query '{"platform": {"in": ["landsat-8", "landsat-9"]}}' had non-matching results"""
FALSE_ALARMS = {
    f"[Item Search - Query Ext] : GET {_IN}": "it takes the list of values for a set of letters",
    f"[Item Search - Query Ext] : POST {_IN}": "it takes the list of values for a set of letters",
}
"""How lines begin that tell of a fault of the validator (0.6.8), each with what that fault is."""

NULL_FIELDS = re.compile(
    r'\[Item Search - Fields Ext\] : POST .* body=\{"fields": null\} had unexpected status code 200 instead of 400'
)
"""It wants a 400, but null is an example of the extension's text for the default."""

REFUSED = re.compile(r"\[Item Search - Filter Ext\] : (GET|POST) .*mission.* unexpected status code 400 instead of 200")
"""It asks, four times, for a property that no collection has; such a filter is refused, and not taken for null."""


TILE_50QPL = {"type": "Polygon", "coordinates": [[[116, 21], [118, 21], [118, 23.5], [116, 23.5], [116, 21]]]}
"""Where the recorded Sentinel-2 scenes are."""

ON_A_REAL_LIST = [
    re.compile(r"unexpected status code 504 instead of 200"),
    re.compile(r"search params=.*'collections': '([^',]+,){100,}.* unexpected status code 400"),
    re.compile(r"search params=None body=.*'?\"?collections.*([^,]+,){100,}.* unexpected status code 400"),
]
"""Errors that a long list of datasets, most of them without a recorded scene, brings: a search over them all gives up
(SearchTooWide), and one that names them all names more than a search may."""


@pytest.fixture(autouse=True)
def fewer_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the validator's 30 ways to write a time, each of which reads whole days of all collections, two."""
    if not LONG:
        monkeypatch.setattr(validations, "valid_datetimes", validations.valid_datetimes[::15])


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose pages are short: the judges ask for longer ones than there are, again and again."""
    with started("serve", tmp_path_factory.mktemp("few"), max_items="100") as (address, _log):
        yield address


@pytest.mark.timeout(300 * TIMEOUT_FACTOR)  # hundreds of requests and validations
@pytest.mark.parametrize("classes", VALIDATED, ids="+".join)
def test_the_validator_finds_no_error(few: str, classes: list[str]) -> None:
    look_up_schemas_offline()
    _warnings, errors = validate_api(
        root_url=f"{few}/",
        ccs_to_validate=classes,
        collection="landsat_ot_c2_l2",
        geometry=json.dumps(PLACE),
        auth_bearer_token=None,
        auth_query_parameter=None,
        fields_nested_property="properties.eo:cloud_cover",
        validate_pagination=True,
        query_config=QUESTIONS,
        transaction_collection=None,
        headers=None,
        open_assets_urls=False,  # it would fetch every band whole, four times over
    )
    found = [line for line in errors.as_list() if not (REFUSED.match(line) or NULL_FIELDS.match(line))]
    assert [line for line in found if not line.startswith(tuple(FALSE_ALARMS))] == []
    expected = len(FALSE_ALARMS) if "item-search#query" in classes else 0
    assert len(found) == expected, "an alarm that is not raised any more is one to forget"


@pytest.mark.timeout(240 * TIMEOUT_FACTOR)
@pytest.mark.long
def test_no_documented_request_makes_the_server_fail(few: str, tmp_path: Path) -> None:
    """Examples, each parameter's limits, and random requests that are the same in every run."""
    ran = schemathesis(few, tmp_path, "examples,coverage,fuzzing", "32" if LONG else "5")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout


@pytest.mark.timeout(300 * TIMEOUT_FACTOR)
@pytest.mark.long
def test_no_documented_request_makes_a_server_on_the_recorded_catalog_fail(
    recorded: RecordedServer, tmp_path: Path
) -> None:
    """But a search over datasets that are all empty gives up."""
    phases = "examples,coverage,fuzzing" if LONG else "examples,fuzzing"
    ran = schemathesis(recorded.address, tmp_path, phases, "8" if LONG else "2")
    assert "passed" in ran.stdout, ran.stdout + ran.stderr
    types = re.findall(r'^\[5\d\d\] .*\n\n *`\{"type":"([^"]*)"', ran.stdout, re.MULTILINE)
    assert len(types) == ran.stdout.count("ST101 Server error"), ran.stdout
    assert [one for one in types if not one.endswith("/problems/search-too-wide")] == [], ran.stdout
    assert ran.returncode == (1 if types else 0), ran.stdout + ran.stderr


@pytest.mark.timeout(300 * TIMEOUT_FACTOR)
@pytest.mark.long
@pytest.mark.parametrize("recorded", [EE, *([ALL_GROUPS] if LONG else [])], indirect=True, ids="+".join)
@pytest.mark.parametrize("classes", [["core"], ["item-search"], *([["features"]] if LONG else [])], ids="+".join)
def test_the_validator_finds_no_other_error_on_the_recorded_catalog(
    recorded: RecordedServer, classes: list[str]
) -> None:
    """``features`` reads every Collection, which takes a minute; it is for the long mode."""
    look_up_schemas_offline()
    _warnings, errors = validate_api(
        root_url=f"{recorded.address}/",
        ccs_to_validate=classes,
        collection="sentinel_2a",
        geometry=json.dumps(TILE_50QPL),
        auth_bearer_token=None,
        auth_query_parameter=None,
        fields_nested_property=None,
        validate_pagination=True,
        query_config=None,
        transaction_collection=None,
        headers=None,
        open_assets_urls=False,
    )
    assert [line for line in errors.as_list() if not any(known.search(line) for known in ON_A_REAL_LIST)] == []


def schemathesis(
    address: str, folder: Path, phases: str, examples: str, *more: str
) -> subprocess.CompletedProcess[str]:
    """What it reports of the requests that the server at an address documents."""
    return subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"{address}/api", "--checks", "not_a_server_error", "--phases", phases),
            *("--seed", "4", "--max-examples", examples, "--no-shrink", "--no-color", "--request-timeout", "30"),
            *more,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        cwd=folder,
    )
