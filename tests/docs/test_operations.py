"""docs/operations.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from stac_bridge.api.metrics import Metrics
from stac_bridge.api.routes.health import Health
from stac_bridge.cli import app
from stac_bridge.cli.commands.serve import SHUTDOWN_TIMEOUT
from stac_bridge.settings import Settings

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def keys(schema: dict[str, Any], above: str = "") -> set[str]:
    """The paths of all values of a schema."""
    model = Health.model_json_schema()["$defs"]
    found = set()
    for name, one in schema["properties"].items():
        inner = model.get(one.get("$ref", "").rpartition("/")[2], {})
        found |= keys(inner, f"{above}{name}.") if "properties" in inner else {above + name}
    return found


def paths(said: Any, above: str = "") -> set[str]:
    if not isinstance(said, dict):
        return {above.removesuffix(".")}
    return {path for name, one in said.items() for path in paths(one, f"{above}{name}.")}


def test_the_table_of_health_has_every_key_and_no_other() -> None:
    every = keys(Health.model_json_schema())
    told = set(re.findall(r"^\| `([a-z0-9_.]+)` \| [^|]*\|$", TEXT, re.MULTILINE))
    assert len(every) > 10
    assert told == every


def test_the_example_of_health_is_one() -> None:
    shown = json.loads(re.findall(r"^```json\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)[0])
    assert Health.model_validate(shown).model_dump(mode="json") == shown
    assert paths(shown) == keys(Health.model_json_schema())


def test_the_table_of_metrics_has_every_metric_with_its_labels() -> None:
    rows = re.findall(r"^\| `(stac_bridge_\w+)` \| ([^|]*)\|", TEXT, re.MULTILINE)
    told = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    made = {}
    for instrument in vars(Metrics()).values():
        if hasattr(instrument, "_labelnames"):
            (family,) = list(instrument.describe())
            made[family.name + ("_total" if family.type == "counter" else "")] = set(instrument._labelnames)
    assert told == made


def test_every_metric_that_an_example_asks_for_is_there() -> None:
    (queries,) = re.findall(r"^```promql\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"stac_bridge_\w+", queries))
    assert len(named) > 3
    assert {one.removesuffix("_bucket") for one in named} <= set(
        re.findall(r"^\| `(stac_bridge_\w+)`", TEXT, re.MULTILINE)
    )


def test_settings_and_seconds_are_the_codes() -> None:
    for name in re.findall(r"STAC_BRIDGE_([A-Z_]+)\b(?!\*)", TEXT):
        assert not name.strip("_") or name.lower() in Settings.model_fields, name
    assert f"for up to {SHUTDOWN_TIMEOUT} seconds" in TEXT


def test_the_doctor_says_what_is_shown(tmp_path: Path) -> None:
    clean = dict.fromkeys(("STAC_BRIDGE_M2M_USERNAME", "STAC_BRIDGE_M2M_URL", "STAC_BRIDGE_MAPPINGS"), "")
    ran = CliRunner().invoke(app, ["doctor"], env={**clean, "STAC_BRIDGE_DATA_DIR": str(tmp_path)})
    said = [line.partition(" ")[2].strip() for line in ran.stdout.splitlines()]
    for line in re.findall(r"^✓ (.*)$", TEXT, re.MULTILINE):
        assert line in said
