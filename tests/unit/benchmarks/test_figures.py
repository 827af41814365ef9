"""Figures beside their targets, in one table and on a page."""

from __future__ import annotations

import pytest

from benchmarks.parts.figures import Figure, Result, Target, at_least, at_most, not_measured, table
from benchmarks.parts.machine import Machine, this_machine
from benchmarks.parts.page import page

LATENCY = Result(
    "latency",
    (Figure("added on a hit", 2.34, "ms", at_most(5)), Figure("added on a miss", 16, "ms", at_most(15))),
    about="Milliseconds that stac-bridge adds.",
    size="rounds=25",
)
PEER = Result(
    "peer", (not_measured("stac-fastapi-eodag", "it is not installed", at_most(0)),), "The peer.", "clients=8"
)
MACHINE = Machine("2026-11-30", "Example CPU 9000", cores=2, memory=8 * 2**30, python="3.11.9", load=0.25)


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (at_most(5), 5, "met"),
        (at_most(5), 5.1, "missed"),
        (at_least(0.7), 0.7, "met"),
        (at_least(0.7), 0.18, "missed"),
        (None, 1, ""),
        (at_most(0), None, ""),
    ],
)
def test_a_target_is_met_up_to_its_bound(target: Target | None, value: float | None, verdict: str) -> None:
    assert Figure("ratio", value, target=target).verdict == verdict


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 ms"), (12, "12 ms"), (0.01234, "0.0123 ms"), (99.96, "100 ms"), (12345.6, "12,346 ms")],
)
def test_a_value_has_three_significant_digits_or_its_integer_part(value: float, text: str) -> None:
    assert Figure("time", value, "ms").text == text


def test_one_table_shows_the_figures_of_all_benchmarks_beside_their_targets() -> None:
    assert table([LATENCY, PEER]).splitlines() == [
        "| benchmark | figure             | value                             | target        | result |",
        "| --------- | ------------------ | --------------------------------- | ------------- | ------ |",
        "| latency   | added on a hit     | 2.34 ms                           | at most 5 ms  | met    |",
        "| latency   | added on a miss    | 16 ms                             | at most 15 ms | missed |",
        "| peer      | stac-fastapi-eodag | not measured: it is not installed | at most 0     |        |",
    ]


def test_a_pipe_in_a_name_does_not_split_its_cell() -> None:
    row = table([Result("searches", (Figure("a || b", 1),))]).splitlines()[-1]
    assert row == r"| searches  | a \|\| b | 1     |        |        |"


def test_a_result_passes_from_process_to_process_as_one_line() -> None:
    for result in (LATENCY, PEER):
        line = result.to_json()
        assert "\n" not in line
        assert Result.from_json(line) == result


def test_the_page_describes_the_machine_and_each_benchmark_around_the_table() -> None:
    written = page([LATENCY, PEER], MACHINE)
    assert table([LATENCY, PEER]) in written
    for line in (
        "- date: 2026-11-30",
        "- processor: Example CPU 9000",
        "- cores: 2",
        "- memory: 8.0 GiB",
        "- Python: 3.11.9",
        "- load average at the start: 0.25",
        "- **latency**: Milliseconds that stac-bridge adds. Size: `rounds=25`.",
    ):
        assert line in written.splitlines()


def test_a_benchmark_that_failed_is_only_in_the_table() -> None:
    written = page([Result("load", (not_measured("all figures", "it failed with exit code 1"),), failed=True)], MACHINE)
    assert "| load " in written
    assert "**load**" not in written


def test_this_machine_is_described_without_empty_values() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.memory > 2**20
    assert all((machine.date, machine.processor, machine.python))
