"""``make words`` on small inputs: what it reports, where, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.words import WORDS, in_markdown, in_name, in_python, main, report


def in_source(source: str) -> list[tuple[int, str]]:
    return [(line, word.word) for line, word in in_python(source)]


def in_page(source: str) -> list[tuple[int, str]]:
    return [(line, word.word) for line, word in in_markdown(source)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MOST", ["most"]),
        ("_told_of", ["told"]),
        ("SharedSlot", ["slot"]),
        ("whatWasSaid", ["said"]),
        ("one", ["one"]),
        ("one_page", []),
        ("found", ["found"]),
        ("NotFound", []),
        ("almost", []),
        ("catalogue_age", ["catalogue"]),
        ("NEIGHBOURS", ["…our"]),
    ],
)
def test_an_identifier_is_split_into_its_words(name: str, words: list[str]) -> None:
    assert [word.word for word in in_name(name)] == words


@pytest.mark.parametrize(
    ("prose", "words"),
    [
        ("Most requests that may wait.", ["most …"]),
        ("At most ten requests, in most cases of the most recent kind.", ["most …"]),
        ("The list, where there is one.", ["where (for if)"]),
        ("The folder where files live.", []),
        ("What is asked of M2M.", ["is asked of"]),
        ("It was asked twice.", ["asked"]),
        ("Pages are given as they come back.", ["gives", "comes back"]),
        ("In the given order; the match was found again.", []),
        ("What an item has.", ["what … has"]),
        ("The colour of the CENTRE, 30 metres.", ["…our", "…re", "…re"]),
    ],
)
def test_prose_has_phrases_and_its_ordinary_words_are_left_alone(prose: str, words: list[str]) -> None:
    assert [word for _line, word in in_page(prose)] == words


def test_identifiers_comments_and_strings_are_reported_with_their_lines() -> None:
    source = '''"""First line.

Leaves with 1.
"""
from package.patience import told as given
# Somebody waits.
def page(said, *, slots=True):
    return {"catalogue": said.asked, "text": f"It gives {said}."}
'''
    assert sorted(in_source(source)) == [
        (3, "leaves with"),
        (5, "given"),
        (5, "patience"),
        (5, "told"),
        (6, "somebody"),
        (7, "said"),
        (8, "asked"),
        (8, "catalogue"),
        (8, "gives"),
        (8, "said"),
        (8, "said"),
    ]


def test_an_escaped_line_break_does_not_move_a_word_to_a_later_line() -> None:
    assert in_source('x = "One.\\nTwo is kept."\n') == [(1, "kept")]


def test_a_code_span_is_searched_as_identifiers_and_a_fenced_block_not_at_all() -> None:
    page = '`MOST` of one\n\n```json\n{"catalogue": 1, "said": 2}\n```\n\nThe licence.\n'
    assert in_page(page) == [(1, "most"), (7, "licence")]


def test_the_report_lists_the_worst_file_first_and_ends_with_totals() -> None:
    said, kept = (next(word for word in WORDS if word.word == name) for name in ("said", "kept"))
    hits = {"docs/a.md": [(1, kept)], "docs/b.md": [], "README.md": [(9, said), (2, kept), (4, said), (4, said)]}
    assert list(report(hits)) == [
        "README.md: said ×3 → request, parameters, body, text (line 4, 9)",
        "README.md: kept ×1 → cached, stored, saved (line 2)",
        "docs/a.md: kept ×1 → cached, stored, saved (line 1)",
        "",
        "By word:",
        "     3  said",
        "     2  kept",
        "",
        "By folder:",
        "     4  README.md",
        "     1  docs",
        "",
        "5 in 2 of 3 files",
    ]


def test_only_the_named_paths_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("read/a.py", "read/_build/b.py", "other/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("said = 1\n")
    main([str(tmp_path / "read")])
    assert "1 in 1 of 1 files" in capsys.readouterr().out


def test_a_path_that_does_not_exist_is_an_error_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["no/such/folder"])
    assert "There is no no/such/folder" in capsys.readouterr().err
