"""Each benchmark runs by its command, alone and with the others. What things cost is not tested."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

import benchmarks
from benchmarks.__main__ import main, names

pytestmark = pytest.mark.long

FOLDER = Path(benchmarks.__file__).parent


@pytest.mark.parametrize("name", names())
def test_a_benchmark_prints_figures_at_a_tiny_size(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, which has imported already what most of them need."""
    monkeypatch.delitem(sys.modules, f"benchmarks.{name}", raising=False)
    monkeypatch.setattr(sys, "argv", [name, "--tiny"])
    runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)
    assert capsys.readouterr().out.count("\n") > 1


def test_every_module_beside_the_parts_is_a_benchmark() -> None:
    assert names() == sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith("__"))
    assert "translation" in names()


def test_several_benchmarks_run_together(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["translation", "--tiny"])
    assert ended.value.code == 0
    printed = capfd.readouterr().out
    assert printed.index("== translation") < printed.index("Translation, per Landsat scene")


def test_a_benchmark_that_does_not_exist_is_an_error_that_names_those_that_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["translations"])
    assert ended.value.code == 2
    printed = " ".join(capsys.readouterr().err.split())
    assert f"there is no benchmark translations; there are {', '.join(names())}" in printed
