"""The table of settings in the README, made from the code: ``python -m tests.docs.settings_table`` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from stac_bridge.settings import Settings

README = Path(__file__).resolve().parents[2] / "README.md"
_PLACE = re.compile(r"(<!-- settings: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)


def table() -> str:
    """One row for each setting, in the order of the code."""
    rows = ["| variable | meaning | default |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `STAC_BRIDGE_{name.upper()}` | {field.description} | {_default(field)} |")
    return "\n".join(rows)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "a folder of the user's"
    words = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{words}`" if words is not None and str(words) else "none"


def written(text: str) -> str:
    """The README's text with the table that belongs there."""
    return _PLACE.sub(lambda found: f"{found[1]}{table()}\n{found[2]}", text)


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
