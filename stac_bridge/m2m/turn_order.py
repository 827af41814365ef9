"""The order of requests waiting at the gate: priorities by weight, callers in rotation, each caller's own in order.

Plain bookkeeping without a clock or waiting, so that tests can check its promises on any sequence of events.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from stac_bridge.request_context import CallPriority

WEIGHTS = {CallPriority.asset: 4, CallPriority.page: 2, CallPriority.background: 1}
"""Turns each priority gets while all are waiting.

A file reader is in the middle of a file, with a tool's short timeout, and its result serves every later reader; a
page serves one waiting caller; nobody waits for background work. One turn in seven keeps the slowest going.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """A place in the queue."""

    caller: str
    priority: CallPriority


class TurnQueue:
    """The tickets waiting. Within a priority, callers rotate: each gets one turn per round.

    Between priorities it is stride scheduling: each priority has a virtual time (its turns divided by its weight), and
    the one furthest behind goes next. While all wait, the first of a priority sees at most eight others go before it.
    """

    def __init__(self) -> None:
        self._rounds: dict[CallPriority, dict[str, deque[Ticket]]] = {priority: {} for priority in CallPriority}
        self._virtual_time = dict.fromkeys(CallPriority, 0.0)
        self._now = 0.0

    def __len__(self) -> int:
        return sum(len(tickets) for callers in self._rounds.values() for tickets in callers.values())

    def join(self, ticket: Ticket) -> None:
        """Add a ticket behind its caller's others; a new caller goes last in the round."""
        callers = self._rounds[ticket.priority]
        if not callers:  # a priority that was idle must not have saved up turns
            self._virtual_time[ticket.priority] = max(self._virtual_time[ticket.priority], self._now)
        callers.setdefault(ticket.caller, deque()).append(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Remove a ticket without a turn. Raises KeyError or ValueError if it is not in the queue."""
        callers = self._rounds[ticket.priority]
        callers[ticket.caller].remove(ticket)
        if not callers[ticket.caller]:
            del callers[ticket.caller]

    def next(self) -> Ticket | None:
        """Remove and return the ticket whose turn it is; None if the queue is empty."""
        waiting = (priority for priority in CallPriority if self._rounds[priority])
        priority = min(waiting, key=self._virtual_time.__getitem__, default=None)
        if priority is None:
            return None
        self._now = self._virtual_time[priority]
        self._virtual_time[priority] += 1 / WEIGHTS[priority]
        return self._next_of(self._rounds[priority])

    def _next_of(self, callers: dict[str, deque[Ticket]]) -> Ticket:
        caller = next(iter(callers))
        tickets = callers.pop(caller)
        ticket = tickets.popleft()
        if tickets:
            callers[caller] = tickets  # back to the end of the round
        return ticket

    def excess(self, newcomer: Ticket) -> Ticket:
        """Return the ticket to reject when the queue is over its limit.

        It is the newest ticket of the caller with the most; among equals, the newcomer.
        """
        longest = max(
            (tickets for callers in self._rounds.values() for tickets in callers.values()),
            key=lambda tickets: (len(tickets), tickets[-1] is newcomer),
        )
        return longest[-1]
