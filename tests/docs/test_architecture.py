"""The pages that tell a newcomer where things are name what exists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.shell import PAGES, ROOT

ARCHITECTURE = ROOT / "docs" / "architecture.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
GUIDES = [
    ARCHITECTURE,
    CONTRIBUTING,
    ROOT / "docs" / "middleware.md",
    *(page for page in PAGES if page.parent.name == "decisions" and page.name != "peers.md"),
]
"""Pages whose paths are all of this repository; peers.md names files of others, too."""
PATH = re.compile(r"`((?:[\w.-]+/)+(?:[\w.-]+\.\w+)?|[\w.-]+\.(?:md|py|toml|yaml))`")
STATEMENT = re.compile(r"^\d+\. To (?:change|add) .*, open `([^`]+)`\.$", re.MULTILINE)


def exists(path: str) -> bool:
    """Whether a path exists in the repository, or below ``stac_bridge/``, where the tables of steps start."""
    return (ROOT / path).exists() or (ROOT / "stac_bridge" / path).exists()


def paths_in_tree(block: str) -> Iterator[str]:
    """Each path in a drawing of folders: two blanks for each level, then names, then two blanks and a description."""
    parents: list[str] = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.split(" {2,}", line.strip())[0].split()
        parents[depth:] = [name for name in names[-1:] if name.endswith("/")]
        yield from ("".join(parents[:depth]) + name for name in names)


def tree() -> list[str]:
    (block,) = re.findall(r"^```\n(mappings/ .*?)^```$", ARCHITECTURE.read_text(), re.MULTILINE | re.DOTALL)
    return list(paths_in_tree(block))


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_that_a_guide_names_exists(page: Path) -> None:
    assert [path for path in PATH.findall(page.read_text(encoding="utf-8")) if not exists(path)] == []


def test_every_path_in_the_tree_exists() -> None:
    assert len(tree()) > 40
    assert [path for path in tree() if not (ROOT / path).exists()] == []


def test_every_package_of_the_product_is_in_the_tree() -> None:
    packages = {f"{path.parent.relative_to(ROOT).as_posix()}/" for path in (ROOT / "stac_bridge").glob("*/__init__.py")}
    assert packages <= set(tree())


def test_fifteen_statements_name_fifteen_different_files() -> None:
    files = STATEMENT.findall(ARCHITECTURE.read_text(encoding="utf-8"))
    assert len(files) == len(set(files)) == 15
    assert [path for path in files if not (ROOT / path).is_file()] == []


def test_the_import_order_on_the_page_is_the_one_that_is_enforced() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(one["layers"] for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    (drawn,) = re.findall(r"^cli ─► .*$", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [layer.replace("stac_bridge.", "") for layer in layers] == drawn.replace("│", "|").split(" ─► ")


def test_every_make_target_that_contributing_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", CONTRIBUTING.read_text(), re.MULTILINE))
    assert {one or other for one, other in named} <= targets
