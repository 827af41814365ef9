"""The page about security claims what tests attempt, and the figures of the last measurement."""

from __future__ import annotations

import re
from typing import cast

import yaml

from tests.docs.shell import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SHOWN_BY = cast("dict[str, list[str]]", yaml.safe_load((ROOT / "tests/docs/security_rows.yaml").read_text("utf-8")))


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_each_attack_is_attempted_by_tests_that_exist() -> None:
    attacks = {attack for attack, _check in rows("Attacks and checks")}
    assert attacks == set(SHOWN_BY)
    for tests in SHOWN_BY.values():
        assert tests
        for name in tests:
            path, _, function = name.partition("::")
            source = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {function}\(", source, re.MULTILINE), name


def test_the_measured_figures_are_those_that_the_benchmark_names() -> None:
    source = (ROOT / "benchmarks/mixed_clients.py").read_text(encoding="utf-8")
    measured = [name for name, *_values in rows("Measured")]
    assert "honest: errors" in measured
    assert [name for name in measured if f'Figure("{name}"' not in source] == []
