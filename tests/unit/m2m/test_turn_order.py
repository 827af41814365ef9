"""The order of turns, checked on random sequences of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.m2m.turn_order import WEIGHTS, Ticket, TurnQueue
from stac_bridge.request_context import CallPriority, Place

places = st.builds(Place, st.sampled_from("abc"), st.sampled_from(list(CallPriority)))


def ticket_of(caller: str, priority: CallPriority) -> Ticket:
    return Ticket(frozenset({Place(caller, priority)}))


def place_of(ticket: Ticket) -> Place:
    """The only place of a ticket."""
    (place,) = ticket.places
    return place


tickets = st.builds(lambda place: Ticket(frozenset({place})), places)
shared_tickets = st.builds(Ticket, st.frozensets(places, min_size=1, max_size=4))
events = st.lists(tickets | st.just("next") | st.integers(0, 30), max_size=80)
"""A ticket joins; the next is called; the n-th waiting one leaves."""

shared_events = st.lists(
    shared_tickets | st.just("next") | st.integers(0, 30) | st.tuples(st.integers(0, 30), places), max_size=80
)
"""The same with tickets of several places; the n-th waiting one gets another place, or loses one that it has."""


def play(sequence: list[Ticket | str | int | tuple[int, Place]]) -> tuple[TurnQueue, list[Ticket], list[Ticket]]:
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
        elif waiting and isinstance(event, tuple):
            ticket, changed = waiting[event[0] % len(waiting)], event[1]
            queue.move(ticket, ticket.places ^ {changed} or ticket.places)
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
        own = [one for one in waiting if one.places == ticket.places]
        assert own == [one for one in rest if one in own]


@given(events, tickets)
def test_within_a_priority_each_other_caller_goes_before_a_newcomer_at_most_once(
    sequence: list[Ticket | str | int], newcomer: Ticket
) -> None:
    queue, waiting, _called = play(sequence)
    _caller, priority = place_of(newcomer)
    newcomer = ticket_of("new", priority)
    queue.join(newcomer)
    rest = [place_of(one) for one in drain(queue)]
    before = [caller for caller, one in rest[: rest.index(place_of(newcomer))] if one == priority]
    others = {caller for caller, one in map(place_of, waiting) if one == priority}
    assert len(before) == len(set(before)) == len(others)


@given(events, st.sampled_from(list(CallPriority)))
def test_no_priority_waits_for_more_than_eight_turns_of_the_others(
    sequence: list[Ticket | str | int], priority: CallPriority
) -> None:
    queue, _waiting, _called = play(sequence)
    for other in CallPriority:
        for _ in range(20):
            queue.join(ticket_of("crowd", other))
    rest = [place_of(one).priority for one in drain(queue)]
    gaps, since = [], 0
    for one in rest[: 1 + max(index for index, one in enumerate(rest) if one is priority)]:
        gaps, since = ([*gaps, since], 0) if one is priority else (gaps, since + 1)
    assert max(gaps) <= 8


def test_turns_go_by_weight_while_all_priorities_wait() -> None:
    queue = TurnQueue()
    for priority in CallPriority:
        for _ in range(40):
            queue.join(ticket_of("", priority))
    first = [queue.next() for _ in range(5 * sum(WEIGHTS.values()))]
    called = [place_of(ticket).priority for ticket in first if ticket]
    assert {one: called.count(one) for one in CallPriority} == {
        priority: 5 * weight for priority, weight in WEIGHTS.items()
    }


def test_an_idle_priority_saves_up_no_turns() -> None:
    queue = TurnQueue()
    for _ in range(20):
        queue.join(ticket_of("", CallPriority.page))
    for _ in range(10):
        queue.next()
    for _ in range(10):
        queue.join(ticket_of("", CallPriority.background))
    first = [queue.next() for _ in range(6)]
    assert [place_of(ticket).priority for ticket in first if ticket].count(CallPriority.background) == 2


def test_the_excess_is_the_newest_ticket_of_the_caller_with_the_most() -> None:
    queue = TurnQueue()
    many = [ticket_of("bulk", CallPriority.page) for _ in range(3)]
    newcomer = ticket_of("browser", CallPriority.page)
    for ticket in [*many, newcomer]:
        queue.join(ticket)
    assert queue.excess(newcomer) is many[-1]


def test_the_excess_is_the_newcomer_among_equals() -> None:
    queue = TurnQueue()
    equals = [ticket_of(caller, CallPriority.page) for caller in "abc"]
    for ticket in equals:
        queue.join(ticket)
    assert queue.excess(equals[-1]) is equals[-1]
    assert queue.excess(equals[0]) is equals[0]


# -- tickets with several places -----------------------------------------------------------------------------


@given(shared_events)
def test_a_ticket_with_several_places_is_called_exactly_once(
    sequence: list[Ticket | str | int | tuple[int, Place]],
) -> None:
    queue, waiting, called = play(sequence)
    assert len(queue) == len(waiting)
    rest = drain(queue)
    assert sorted(map(id, rest)) == sorted(map(id, waiting))
    assert not set(map(id, rest)) & set(map(id, called))


@given(shared_events, st.frozensets(places, min_size=1, max_size=4))
def test_a_ticket_with_several_places_is_called_at_the_earliest_of_them(
    sequence: list[Ticket | str | int | tuple[int, Place]], several: frozenset[Place]
) -> None:
    def turns_before(own: frozenset[Place]) -> int:
        queue, _waiting, _called = play([copied(event) for event in sequence])
        queue.join(newcomer := Ticket(own))
        return drain(queue).index(newcomer)

    assert turns_before(several) == min(turns_before(frozenset({place})) for place in several)


def copied(event: Ticket | str | int | tuple[int, Place]) -> Ticket | str | int | tuple[int, Place]:
    return Ticket(event.places) if isinstance(event, Ticket) else event


@given(shared_events, st.integers(0, 30), places)
def test_another_place_delays_nobody_by_more_than_the_one_turn_that_it_takes(
    sequence: list[Ticket | str | int | tuple[int, Place]], number: int, place: Place
) -> None:
    queue, waiting, _called = play([copied(event) for event in sequence])
    if waiting:
        before = drain(queue)
        index = waiting.index(waiting[number % len(waiting)])
        queue, again, _called = play([copied(event) for event in sequence])
        queue.move(again[index], again[index].places | {place})
        order = drain(queue)
        assert order.index(again[index]) <= before.index(waiting[index])
        for old, new in zip(waiting, again, strict=True):
            assert new is again[index] or order.index(new) <= before.index(old) + 1


def test_the_excess_is_no_ticket_for_which_another_caller_waits_too() -> None:
    queue = TurnQueue()
    first, alone, shared = (ticket_of("bulk", CallPriority.page) for _ in range(3))
    newcomer = ticket_of("browser", CallPriority.page)
    for ticket in (first, alone, shared, newcomer):
        queue.join(ticket)
    queue.move(shared, shared.places | newcomer.places)
    assert queue.excess(newcomer) is alone
