"""Who is next, tried on every sequence of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.m2m.turn_order import WEIGHTS, Ticket, TurnQueue
from stac_bridge.request_context import CallPriority

tickets = st.builds(Ticket, st.sampled_from("abc"), st.sampled_from(list(CallPriority)))
events = st.lists(tickets | st.just("next") | st.integers(0, 30), max_size=80)
"""A ticket joins; one is called; the n-th that waits leaves."""


def played(happening: list[Ticket | str | int]) -> tuple[TurnQueue, list[Ticket], list[Ticket]]:
    """The line after what happened, those that still wait in the order of joining, and those called."""
    line, waiting, called = TurnQueue(), [], []
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


def drained(line: TurnQueue) -> list[Ticket]:
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
        own = [one for one in waiting if (one.caller, one.priority) == (ticket.caller, ticket.priority)]
        assert own == [one for one in rest if one in own]


@given(events, tickets)
def test_of_one_priority_each_other_caller_goes_before_a_newcomer_at_most_once(
    happening: list[Ticket | str | int], newcomer: Ticket
) -> None:
    line, waiting, _called = played(happening)
    newcomer = Ticket("new", newcomer.priority)
    line.join(newcomer)
    rest = drained(line)
    before = [one.caller for one in rest[: rest.index(newcomer)] if one.priority == newcomer.priority]
    assert len(before) == len(set(before)) == len({one.caller for one in waiting if one.priority == newcomer.priority})


@given(events, st.sampled_from(list(CallPriority)))
def test_no_priority_waits_for_more_than_eight_turns_of_the_others(
    happening: list[Ticket | str | int], priority: CallPriority
) -> None:
    line, _waiting, _called = played(happening)
    for other in CallPriority:
        for _ in range(20):
            line.join(Ticket("crowd", other))
    rest = [one.priority for one in drained(line)]
    gaps, since = [], 0
    for one in rest[: 1 + max(index for index, one in enumerate(rest) if one is priority)]:
        gaps, since = ([*gaps, since], 0) if one is priority else (gaps, since + 1)
    assert max(gaps) <= 8


def test_turns_go_by_weight_while_all_prioritys_wait() -> None:
    line = TurnQueue()
    for priority in CallPriority:
        for _ in range(40):
            line.join(Ticket("", priority))
    first = [line.next() for _ in range(5 * sum(WEIGHTS.values()))]
    assert {one: sum(ticket.priority is one for ticket in first if ticket) for one in CallPriority} == {
        priority: 5 * weight for priority, weight in WEIGHTS.items()
    }


def test_who_was_away_has_saved_no_turns_up() -> None:
    line = TurnQueue()
    for _ in range(20):
        line.join(Ticket("", CallPriority.page))
    for _ in range(10):
        line.next()
    for _ in range(10):
        line.join(Ticket("", CallPriority.background))
    first = [line.next() for _ in range(6)]
    assert [ticket.priority for ticket in first if ticket].count(CallPriority.background) == 2


def test_the_newest_of_whoever_has_most_is_one_too_many() -> None:
    line = TurnQueue()
    many = [Ticket("bulk", CallPriority.page) for _ in range(3)]
    newcomer = Ticket("browser", CallPriority.page)
    for ticket in [*many, newcomer]:
        line.join(ticket)
    assert line.excess(newcomer) is many[-1]


def test_the_newcomer_is_one_too_many_among_equals() -> None:
    line = TurnQueue()
    equals = [Ticket(caller, CallPriority.page) for caller in "abc"]
    for ticket in equals:
        line.join(ticket)
    assert line.excess(equals[-1]) is equals[-1]
    assert line.excess(equals[0]) is equals[0]
