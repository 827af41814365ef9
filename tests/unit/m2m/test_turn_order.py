"""The order of turns, checked on random sequences of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.m2m.turn_order import WEIGHTS, Ticket, TurnQueue
from stac_bridge.request_context import CallPriority

tickets = st.builds(Ticket, st.sampled_from("abc"), st.sampled_from(list(CallPriority)))
events = st.lists(tickets | st.just("next") | st.integers(0, 30), max_size=80)
"""A ticket joins; the next is called; the n-th waiting one leaves."""


def play(sequence: list[Ticket | str | int]) -> tuple[TurnQueue, list[Ticket], list[Ticket]]:
    """Return the queue after the events, the tickets waiting in the order of joining, and those called."""
    queue, waiting, called = TurnQueue(), [], []
    for event in sequence:
        if isinstance(event, Ticket):
            queue.join(event)
            waiting.append(event)
        elif event == "next":
            ticket = queue.next()
            assert (ticket is None) == (not waiting)
            if ticket:
                waiting.remove(ticket)
                called.append(ticket)
        elif waiting:
            queue.leave(waiting.pop(int(event) % len(waiting)))
    return queue, waiting, called


def drain(queue: TurnQueue) -> list[Ticket]:
    return list(iter(queue.next, None))


@given(events)
def test_every_waiting_ticket_is_called_exactly_once_and_no_other(sequence: list[Ticket | str | int]) -> None:
    queue, waiting, called = play(sequence)
    assert len(queue) == len(waiting)
    rest = drain(queue)
    assert sorted(map(id, rest)) == sorted(map(id, waiting))
    assert not set(map(id, rest)) & set(map(id, called))
    assert len(queue) == 0


@given(events)
def test_tickets_of_one_caller_come_in_the_order_of_joining(sequence: list[Ticket | str | int]) -> None:
    queue, waiting, _called = play(sequence)
    rest = drain(queue)
    for ticket in waiting:
        own = [one for one in waiting if (one.caller, one.priority) == (ticket.caller, ticket.priority)]
        assert own == [one for one in rest if one in own]


@given(events, tickets)
def test_within_a_priority_each_other_caller_goes_before_a_newcomer_at_most_once(
    sequence: list[Ticket | str | int], newcomer: Ticket
) -> None:
    queue, waiting, _called = play(sequence)
    newcomer = Ticket("new", newcomer.priority)
    queue.join(newcomer)
    rest = drain(queue)
    before = [one.caller for one in rest[: rest.index(newcomer)] if one.priority == newcomer.priority]
    assert len(before) == len(set(before)) == len({one.caller for one in waiting if one.priority == newcomer.priority})


@given(events, st.sampled_from(list(CallPriority)))
def test_no_priority_waits_for_more_than_eight_turns_of_the_others(
    sequence: list[Ticket | str | int], priority: CallPriority
) -> None:
    queue, _waiting, _called = play(sequence)
    for other in CallPriority:
        for _ in range(20):
            queue.join(Ticket("crowd", other))
    rest = [one.priority for one in drain(queue)]
    gaps, since = [], 0
    for one in rest[: 1 + max(index for index, one in enumerate(rest) if one is priority)]:
        gaps, since = ([*gaps, since], 0) if one is priority else (gaps, since + 1)
    assert max(gaps) <= 8


def test_turns_go_by_weight_while_all_priorities_wait() -> None:
    queue = TurnQueue()
    for priority in CallPriority:
        for _ in range(40):
            queue.join(Ticket("", priority))
    first = [queue.next() for _ in range(5 * sum(WEIGHTS.values()))]
    assert {one: sum(ticket.priority is one for ticket in first if ticket) for one in CallPriority} == {
        priority: 5 * weight for priority, weight in WEIGHTS.items()
    }


def test_an_idle_priority_saves_up_no_turns() -> None:
    queue = TurnQueue()
    for _ in range(20):
        queue.join(Ticket("", CallPriority.page))
    for _ in range(10):
        queue.next()
    for _ in range(10):
        queue.join(Ticket("", CallPriority.background))
    first = [queue.next() for _ in range(6)]
    assert [ticket.priority for ticket in first if ticket].count(CallPriority.background) == 2


def test_the_excess_is_the_newest_ticket_of_the_caller_with_the_most() -> None:
    queue = TurnQueue()
    many = [Ticket("bulk", CallPriority.page) for _ in range(3)]
    newcomer = Ticket("browser", CallPriority.page)
    for ticket in [*many, newcomer]:
        queue.join(ticket)
    assert queue.excess(newcomer) is many[-1]


def test_the_excess_is_the_newcomer_among_equals() -> None:
    queue = TurnQueue()
    equals = [Ticket(caller, CallPriority.page) for caller in "abc"]
    for ticket in equals:
        queue.join(ticket)
    assert queue.excess(equals[-1]) is equals[-1]
    assert queue.excess(equals[0]) is equals[0]
