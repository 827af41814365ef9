"""Every citation of docs/m2m-reference.md leads to something that this repository contains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.docs.shell import ROOT
from tests.support import RECORDINGS, REFERENCE

PLACES = ("stac_bridge", "m2m_sandbox", "mappings", "tests", "benchmarks", "docs", "examples", "deploy", "browser")
SUFFIXES = {".js", ".md", ".py", ".scss", ".sh", ".toml", ".yaml", ".yml"}
BUILT = {"_build", "node_modules", "__pycache__"}

CITATION = re.compile(r"REFERENCE\s+(§[^\].;|)]*)")
NAMED = re.compile(r"(RFC \d+|REFERENCE)\s+§[^\].;|)]*[\d.]*")
SECTION = re.compile(r"§\s*(\d+)(?:\s*[–-]\s*§?(\d+))?")


def texts() -> Iterator[tuple[str, str]]:
    """Path and text of every source file and page."""
    for place in PLACES:
        for path in sorted((ROOT / place).rglob("*")):
            if path.suffix in SUFFIXES and not BUILT.intersection(path.parts) and path != Path(__file__):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    yield "README.md", (ROOT / "README.md").read_text(encoding="utf-8")


def sections(page: str) -> set[int]:
    """The numbers of the page's sections."""
    return {int(number) for number in re.findall(r"^## (\d+)\. \S", page, re.MULTILINE)}


def cited(text: str) -> set[int]:
    """The sections of the reference that a text cites; ``§4–6`` are three."""
    return {
        number
        for citation in CITATION.findall(text)
        for first, last in SECTION.findall(citation)
        for number in range(int(first), int(last or first) + 1)
    }


def without_source(text: str) -> list[str]:
    """The lines with a section mark that does not name what it is a section of."""
    return [line.strip() for line in text.splitlines() if re.search(r"§\s*\d", NAMED.sub("", line))]


def dead(pages: Iterable[tuple[str, str]], known: set[int]) -> list[str]:
    """``path: §n`` of each citation whose section does not exist."""
    return [f"{path}: §{number}" for path, text in pages for number in sorted(cited(text) - known)]


def test_every_cited_section_of_the_reference_exists() -> None:
    known = sections(REFERENCE.read_text(encoding="utf-8"))
    assert known == set(range(1, 16))
    assert dead(texts(), known) == []


def test_code_and_mappings_cite_the_reference() -> None:
    citing = {path.partition("/")[0] for path, text in texts() if cited(text)}
    assert {"stac_bridge", "mappings", "tests", "docs"} <= citing


def test_every_section_mark_names_its_document() -> None:
    assert {path: lines for path, text in texts() if (lines := without_source(text))} == {}


def test_no_text_cites_what_a_clone_does_not_contain() -> None:
    outside = re.compile(r"REFERENCE\.md|ARCHITECTURE(\.md)?\s+§|shared/(m2m|design|stac)/\S+\.md")
    assert [(path, found[0]) for path, text in texts() if (found := outside.search(text))] == []


def test_every_recording_that_the_reference_names_ships() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z\d-]+__\w+)`", page))
    shipped = {path.stem for path in (RECORDINGS / "recorded").rglob("*.json")}
    assert len(named) > 20
    assert named - shipped == set()


def test_every_endpoint_that_the_reference_cites_has_its_example_here() -> None:
    page = REFERENCE.read_text(encoding="utf-8").partition("\n## ")[2]
    named = {one for listed in re.findall(r"reference: ([a-z-]+(?:, [a-z-]+)*)", page) for one in listed.split(", ")}
    samples = {path.name.partition("__")[0] for path in (RECORDINGS / "doc_samples").glob("*.json")}
    assert len(named) > 10
    assert named - samples == set()


def test_a_citation_that_leads_nowhere_is_reported() -> None:
    pages = [("a.py", "as M2M does [REFERENCE §2, §16]"), ("b.md", "| REFERENCE §4–6; recordings |")]
    assert dead(pages, set(range(1, 16))) == ["a.py: §16"]
    assert cited(pages[1][1]) == {4, 5, 6}


def test_a_section_mark_without_its_document_is_reported() -> None:
    assert without_source("by RFC 9110 §13.1.2 and [REFERENCE §8, §10]") == []
    assert without_source("the wider one is true [§15]") == ["the wider one is true [§15]"]
