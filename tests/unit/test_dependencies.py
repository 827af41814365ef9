"""What the package imports is declared, and what only some need is an extra; the locks are parts of one another."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from stac_bridge.extras import MODULES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("stac_bridge", "m2m_sandbox")
PARTS = {"pydantic-core": "pydantic"}
"""Distributions that another one requires at one version only, so that declaring that one is enough."""


def names(requirements: list[str]) -> set[str]:
    """The normalized names of distributions."""
    return {normalized(re.split(r"[^\w.-]", requirement)[0].rstrip("=<>~!")) for requirement in requirements}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> Iterator[tuple[str, Path]]:
    """The top-level modules that the package imports, anywhere in its files."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((alias.name.partition(".")[0], path) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0], path


DISTRIBUTIONS = packages_distributions()


def distributions(module: str) -> set[str]:
    found = {normalized(name) for name in DISTRIBUTIONS[module]}
    return {PARTS.get(name, name) for name in found}


REQUIRED = names(PROJECT["dependencies"])
OPTIONAL = PROJECT["optional-dependencies"]


@pytest.mark.slow
def test_all_that_is_imported_is_declared() -> None:
    of_extras = set().union(*(names(OPTIONAL[extra]) for extra in MODULES))
    for module in {module for module, _ in imported()} - set(PACKAGES) - sys.stdlib_module_names:
        assert distributions(module) & (REQUIRED | of_extras), f"{module} is imported and not declared"


def test_what_extras_bring_is_what_is_looked_for() -> None:
    for extra, modules in MODULES.items():
        assert set().union(*map(distributions, modules)) == names(OPTIONAL[extra])
        assert not names(OPTIONAL[extra]) & REQUIRED


def test_only_the_sandbox_imports_its_extra() -> None:
    places = {path.relative_to(ROOT).as_posix() for module, path in imported() if module in MODULES["sandbox"]}
    assert places, "else it needs no extra"
    assert all("sandbox" in place for place in places)


def pins(name: str) -> set[str]:
    """Versions with their conditions, and hashes."""
    return set(re.findall(r"^(\S+==.*?) \\$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_the_locks_have_one_version_of_everything_and_no_address() -> None:
    run, examples, dev = pins("requirements.lock"), pins("requirements-examples.lock"), pins("requirements-dev.lock")
    assert {pin.partition("=")[0] for pin in run} < {pin.partition("=")[0] for pin in examples}
    assert {pin.partition(" ;")[0] for pin in run | examples} < {pin.partition(" ;")[0] for pin in dev}
    for lock in ROOT.glob("requirements*.lock"):
        assert "://" not in lock.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ("redis", "sandbox")),
        ("requirements-examples.lock", ("redis", "sandbox", "examples")),
        ("requirements-dev.lock", tuple(OPTIONAL)),
    ],
)
def test_a_lock_has_all_that_is_declared(lock: str, extras: tuple[str, ...]) -> None:
    locked = {pin.partition("=")[0] for pin in pins(lock)}
    assert REQUIRED.union(*(names(OPTIONAL[extra]) for extra in extras)) <= locked


def test_serving_needs_no_tools_of_developers() -> None:
    locked = {pin.partition("=")[0] for pin in pins("requirements.lock")}
    assert not locked & {"mypy", "schemathesis", "playwright", "pytest", "ruff", "uv", "rasterio", "pyarrow"}
