"""Each benchmark runs, alone and with others. Its figures are not tested."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

import benchmarks
from benchmarks.__main__ import main, names
from benchmarks.parts.benchmark import Benchmark

pytestmark = pytest.mark.long

FOLDER = Path(benchmarks.__file__).parent


def benchmark(name: str) -> Benchmark[object]:
    module_benchmark: Benchmark[object] = importlib.import_module(f"benchmarks.{name}").BENCHMARK
    return module_benchmark


@pytest.mark.parametrize("name", names())
def test_a_benchmark_returns_figures_at_a_tiny_size(name: str) -> None:
    """In this process, which has already imported what most of them need."""
    result = benchmark(name).measure(benchmark(name).tiny)
    assert result.benchmark == name
    assert result.about
    assert result.size
    assert len(result.figures) >= 1
    assert len({figure.name for figure in result.figures}) == len(result.figures), "each name is unique"
    assert all(figure.value is not None or figure.reason for figure in result.figures)


def test_a_benchmark_alone_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark("translation").command(["--tiny"])
    head, _line, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["|", "benchmark", "|", "figure", "|", "value", "|", "target", "|", "result", "|"]
    assert rows
    assert all(row.startswith("| translation | ") for row in rows)


def test_every_module_beside_the_parts_is_a_benchmark() -> None:
    assert names() == sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith("__"))
    assert "translation" in names()


def test_several_benchmarks_print_one_table_and_write_it_to_a_page_when_requested(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "benchmarks.md"
    with pytest.raises(SystemExit) as ended:
        main(["translation", "hrefs", "--tiny", "--write"], written)
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert printed.count("| benchmark ") == 1
    assert printed.index("| translation ") < printed.index("| hrefs ")
    assert printed.strip() in written.read_text(encoding="utf-8")


def test_a_benchmark_that_fails_is_a_row_and_the_others_still_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "python"
    broken.write_text(f'#!/bin/sh\ncase "$*" in *translation*) exit 3;; *) exec "{sys.executable}" "$@";; esac\n')
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    page = tmp_path / "benchmarks.md"
    with pytest.raises(SystemExit) as ended:
        main(["translation", "hrefs", "--tiny"], page)
    assert ended.value.code == "FAILED: translation"
    printed = capsys.readouterr().out
    assert "not measured: it failed with exit code 3" in printed
    assert "| signing an href " in printed
    assert not page.exists(), "nothing is written unless requested"


def test_an_unknown_benchmark_is_an_error_that_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["translations"])
    assert ended.value.code == 2
    printed = " ".join(capsys.readouterr().err.split())
    assert f"unknown benchmark translations; use any of {', '.join(names())}" in printed
