"""The tables of settings in the README and docs/settings.md, made from the code.

``python -m tests.docs.settings_table`` writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from stac_bridge.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README, PAGE = ROOT / "README.md", ROOT / "docs" / "settings.md"
_PLACE = re.compile(r"(<!-- settings(?: (?P<names>[a-z0-9_ ]+))?: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)


def table(names: list[str]) -> str:
    """One row for each of these settings; of all, in the order of the code, where none is named."""
    rows = ["| variable | meaning | default |", "|---|---|---|"]
    for name in names or Settings.model_fields:
        field = Settings.model_fields[name]
        rows.append(f"| `STAC_BRIDGE_{name.upper()}` | {field.description} | {_default(field)} |")
    return "\n".join(rows)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "a folder of the user's"
    words = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{words}`" if words is not None and str(words) else "none"


def told(text: str) -> list[str]:
    """The settings that a page's comments name."""
    return [name for found in _PLACE.finditer(text) for name in (found["names"] or "").split()]


def written(text: str) -> str:
    """A page's text with the tables that belong there."""
    return _PLACE.sub(lambda found: f"{found[1]}{table((found['names'] or '').split())}\n{found[3]}", text)


if __name__ == "__main__":
    for page in (README, PAGE):
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
