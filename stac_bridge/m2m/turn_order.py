"""The order of requests waiting at the gate: priorities by weight, callers in rotation, each caller's own in order.

Plain bookkeeping without a clock or waiting, so that tests can check its promises on any sequence of events.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from stac_bridge.request_context import CallPriority, Place

WEIGHTS = {CallPriority.asset: 4, CallPriority.page: 2, CallPriority.background: 1}
"""Turns each priority gets while all are waiting.

A file reader is in the middle of a file, with a tool's short timeout, and its result serves every later reader; a
page serves one waiting caller; nobody waits for background work. One turn in seven keeps the slowest going.
"""


@dataclass(slots=True, eq=False)
class Ticket:
    """A request in the queue. It has a place for each caller that waits for its answer, and gets one turn."""

    places: frozenset[Place]


class TurnQueue:
    """The tickets waiting. Within a priority, callers rotate: each gets one turn per round.

    Between priorities it is stride scheduling: each priority has a virtual time (its turns divided by its weight), and
    the one furthest behind goes next. While all wait, the first of a priority sees at most eight others go before it.
    A ticket with several places goes when the first of them does; its other places cost their callers no turn.
    """

    def __init__(self) -> None:
        self._tickets: set[Ticket] = set()
        self._rounds: dict[CallPriority, dict[str, deque[Ticket]]] = {priority: {} for priority in CallPriority}
        self._virtual_time = dict.fromkeys(CallPriority, 0.0)
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._tickets)

    def join(self, ticket: Ticket) -> None:
        """Add a ticket, at each of its places behind its caller's others; a new caller goes last in the round."""
        self._tickets.add(ticket)
        self._add(ticket, ticket.places)

    def move(self, ticket: Ticket, places: frozenset[Place]) -> None:
        """Change the places of a waiting ticket; those it keeps are unchanged."""
        self._remove(ticket, ticket.places - places)
        self._add(ticket, places - ticket.places)
        ticket.places = places

    def leave(self, ticket: Ticket) -> None:
        """Remove a ticket. Raises KeyError if it is not in the queue."""
        self._tickets.remove(ticket)
        self._remove(ticket, ticket.places)

    def next(self) -> Ticket | None:
        """Remove and return the ticket whose turn it is; None if the queue is empty."""
        waiting = (priority for priority in CallPriority if self._rounds[priority])
        priority = min(waiting, key=self._virtual_time.__getitem__, default=None)
        if priority is None:
            return None
        self._now = self._virtual_time[priority]
        self._virtual_time[priority] += 1 / WEIGHTS[priority]
        callers = self._rounds[priority]
        caller = next(iter(callers))
        ticket = callers[caller][0]
        callers[caller] = callers.pop(caller)  # to the end of the round
        self.leave(ticket)
        return ticket

    def excess(self, newcomer: Ticket) -> Ticket:
        """Return the ticket to reject when the queue is over its limit.

        It is the newest ticket of the caller with the most; among equals, the newcomer. Tickets for which other
        callers wait, too, neither count nor are rejected, unless there are no others.
        """
        own = [
            [ticket for ticket in tickets if {place.caller for place in ticket.places} == {caller}]
            for callers in self._rounds.values()
            for caller, tickets in callers.items()
        ]
        longest = max(own, key=lambda tickets: (len(tickets), newcomer in tickets[-1:]), default=[])
        return longest[-1] if longest else newcomer

    def _add(self, ticket: Ticket, places: frozenset[Place]) -> None:
        for caller, priority in sorted(places):
            callers = self._rounds[priority]
            if not callers:  # a priority that was idle must not have saved up turns
                self._virtual_time[priority] = max(self._virtual_time[priority], self._now)
            callers.setdefault(caller, deque()).append(ticket)

    def _remove(self, ticket: Ticket, places: frozenset[Place]) -> None:
        for caller, priority in places:
            callers = self._rounds[priority]
            callers[caller].remove(ticket)
            if not callers[caller]:
                del callers[caller]
