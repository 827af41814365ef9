"""The table in docs/middleware.md lists the middleware of the app."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from stac_bridge.api import create_app
from stac_bridge.settings import Settings
from tests.docs.shell import ROOT

ROW = re.compile(r"^\| (\d+) \| `(\w+)` \| `([^`]+)` \|", re.MULTILINE)


def rows() -> list[tuple[str, str, str]]:
    return ROW.findall((ROOT / "docs" / "middleware.md").read_text(encoding="utf-8"))


def middleware(folder: Path) -> list[Any]:
    """Each middleware from the first that a request meets."""
    app = create_app(Settings(data_dir=folder, signing_keys="0123456789abcdef0123"))
    return [one.cls for one in app.user_middleware]


def test_the_order_on_the_page_is_the_order_in_the_app(tmp_path: Path) -> None:
    applied = [cls.__name__ for cls in middleware(tmp_path)]
    assert [(number, name) for number, name, _path in rows()] == [
        (str(number), name) for number, name in enumerate(applied, start=1)
    ]


def test_each_row_names_the_file_that_defines_its_middleware(tmp_path: Path) -> None:
    defined = [inspect.getsourcefile(cls) for cls in middleware(tmp_path)]
    assert [path for _number, _name, path in rows()] == [
        Path(path or "").relative_to(ROOT).as_posix() for path in defined
    ]
