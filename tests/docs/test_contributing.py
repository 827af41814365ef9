"""The set-up that CONTRIBUTING.md describes agrees with the repository."""

from __future__ import annotations

import re

import yaml

from tests.docs.shell import PAGES, ROOT

HOOKS = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]
]
TOOL = re.compile(r"(ruff check|ruff format --check|mypy|lint-imports)\b")


def test_hooks_run_the_tools_of_this_repository_and_fetch_nothing() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {repository["repo"] for repository in configuration["repos"]} == {"local"}
    assert all(hook["language"] == "system" and hook["entry"].startswith(".venv/bin/") for hook in HOOKS)


def test_hooks_run_the_same_tools_as_make_lint() -> None:
    (recipe,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [TOOL.findall(hook["entry"])[0] for hook in HOOKS] == TOOL.findall(recipe)


def test_each_decision_says_what_was_decided_why_and_what_would_change_it() -> None:
    index = (ROOT / "docs" / "decisions" / "index.md").read_text(encoding="utf-8")
    for page in PAGES:
        if page.parent.name == "decisions" and page.name != "index.md":
            assert f"({page.name})" in index, f"{page.name} is not listed"
            if page.name != "peers.md":
                text = page.read_text(encoding="utf-8")
                assert text.index("## Decision") < text.index("## W"), page.name


def test_every_identifier_in_the_glossary_occurs_in_the_code() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    things, _separator, _style = glossary.partition("## How we write")
    names = set(re.findall(r"`([a-z]+_[a-z_0-9]+)`", things))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "stac_bridge").rglob("*.py"))
    assert {"entity_id", "display_id"} <= names
    assert [name for name in sorted(names) if name not in code] == []
