"""Who is next, tried on every sequence of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.m2m.turn_order import WEIGHTS, Line, Ticket
from stac_bridge.request_context import Errand

tickets = st.builds(Ticket, st.sampled_from("abc"), st.sampled_from(list(Errand)))
events = st.lists(tickets | st.just("next") | st.integers(0, 30), max_size=80)
"""A ticket joins; one is called; the n-th that waits leaves."""


def played(happening: list[Ticket | str | int]) -> tuple[Line, list[Ticket], list[Ticket]]:
    """The line after what happened, those that still wait in the order of joining, and those called."""
    line, waiting, called = Line(), [], []
    for event in happening:
        if isinstance(event, Ticket):
            line.join(event)
            waiting.append(event)
        elif event == "next":
            ticket = line.next()
            assert (ticket is None) == (not waiting)
            if ticket:
                waiting.remove(ticket)
                called.append(ticket)
        elif waiting:
            line.leave(waiting.pop(int(event) % len(waiting)))
    return line, waiting, called


def drained(line: Line) -> list[Ticket]:
    return list(iter(line.next, None))


@given(events)
def test_everybody_who_waits_is_called_once_and_nobody_else(happening: list[Ticket | str | int]) -> None:
    line, waiting, called = played(happening)
    assert len(line) == len(waiting)
    rest = drained(line)
    assert sorted(map(id, rest)) == sorted(map(id, waiting))
    assert not set(map(id, rest)) & set(map(id, called))
    assert len(line) == 0


@given(events)
def test_a_callers_own_come_in_the_order_of_asking(happening: list[Ticket | str | int]) -> None:
    line, waiting, _called = played(happening)
    rest = drained(line)
    for ticket in waiting:
        own = [one for one in waiting if (one.caller, one.errand) == (ticket.caller, ticket.errand)]
        assert own == [one for one in rest if one in own]


@given(events, tickets)
def test_of_one_errand_each_other_caller_goes_before_a_newcomer_at_most_once(
    happening: list[Ticket | str | int], newcomer: Ticket
) -> None:
    line, waiting, _called = played(happening)
    newcomer = Ticket("new", newcomer.errand)
    line.join(newcomer)
    rest = drained(line)
    before = [one.caller for one in rest[: rest.index(newcomer)] if one.errand == newcomer.errand]
    assert len(before) == len(set(before)) == len({one.caller for one in waiting if one.errand == newcomer.errand})


@given(events, st.sampled_from(list(Errand)))
def test_no_errand_waits_for_more_than_eight_turns_of_the_others(
    happening: list[Ticket | str | int], errand: Errand
) -> None:
    line, _waiting, _called = played(happening)
    for other in Errand:
        for _ in range(20):
            line.join(Ticket("crowd", other))
    rest = [one.errand for one in drained(line)]
    gaps, since = [], 0
    for one in rest[: 1 + max(index for index, one in enumerate(rest) if one is errand)]:
        gaps, since = ([*gaps, since], 0) if one is errand else (gaps, since + 1)
    assert max(gaps) <= 8


def test_turns_go_by_weight_while_all_errands_wait() -> None:
    line = Line()
    for errand in Errand:
        for _ in range(40):
            line.join(Ticket("", errand))
    first = [line.next() for _ in range(5 * sum(WEIGHTS.values()))]
    assert {one: sum(ticket.errand is one for ticket in first if ticket) for one in Errand} == {
        errand: 5 * weight for errand, weight in WEIGHTS.items()
    }


def test_who_was_away_has_saved_no_turns_up() -> None:
    line = Line()
    for _ in range(20):
        line.join(Ticket("", Errand.page))
    for _ in range(10):
        line.next()
    for _ in range(10):
        line.join(Ticket("", Errand.upkeep))
    first = [line.next() for _ in range(6)]
    assert [ticket.errand for ticket in first if ticket].count(Errand.upkeep) == 2


def test_the_newest_of_whoever_has_most_is_one_too_many() -> None:
    line = Line()
    many = [Ticket("bulk", Errand.page) for _ in range(3)]
    newcomer = Ticket("browser", Errand.page)
    for ticket in [*many, newcomer]:
        line.join(ticket)
    assert line.crowding(newcomer) is many[-1]


def test_the_newcomer_is_one_too_many_among_equals() -> None:
    line = Line()
    equals = [Ticket(caller, Errand.page) for caller in "abc"]
    for ticket in equals:
        line.join(ticket)
    assert line.crowding(equals[-1]) is equals[-1]
    assert line.crowding(equals[0]) is equals[0]
