"""Who is next at the gate: errands by weight, callers in turn, and each caller's own in the order of asking.

Plain bookkeeping, without a clock and without waiting, so that its promises can be tried on every sequence of events.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from stac_bridge.request_context import Errand

__all__ = ["WEIGHTS", "Line", "Ticket"]

WEIGHTS = {Errand.asset: 4, Errand.page: 2, Errand.upkeep: 1}
"""Turns that each errand gets while all are waited for. A reader of a file stands in the middle of it, with a tool's
short patience, and what it asked serves all who read; a page serves one who waits; nobody waits for upkeep. One turn
in seven keeps the slowest going."""


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """A place in the line."""

    caller: str
    errand: Errand


class Line:
    """Those who wait. Of each errand, callers stand in a ring and have one turn each time round.

    Between errands it is stride scheduling: each has come so far (its turns over its weight), and the one that is
    furthest behind goes next. While all wait, nobody at the head of an errand sees more than eight others go before.
    """

    def __init__(self) -> None:
        self._rings: dict[Errand, dict[str, deque[Ticket]]] = {errand: {} for errand in Errand}
        self._come = dict.fromkeys(Errand, 0.0)
        self._now = 0.0

    def __len__(self) -> int:
        return sum(len(tickets) for ring in self._rings.values() for tickets in ring.values())

    def join(self, ticket: Ticket) -> None:
        """Stand behind the caller's own, or last in the ring."""
        ring = self._rings[ticket.errand]
        if not ring:  # who was away has saved nothing up
            self._come[ticket.errand] = max(self._come[ticket.errand], self._now)
        ring.setdefault(ticket.caller, deque()).append(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Go without a turn. Raises KeyError or ValueError where the ticket is not in the line."""
        ring = self._rings[ticket.errand]
        ring[ticket.caller].remove(ticket)
        if not ring[ticket.caller]:
            del ring[ticket.caller]

    def next(self) -> Ticket | None:
        """Take out the one whose turn it is; None where nobody waits."""
        errand = min((one for one in Errand if self._rings[one]), key=self._come.__getitem__, default=None)
        if errand is None:
            return None
        self._now = self._come[errand]
        self._come[errand] += 1 / WEIGHTS[errand]
        return self._from(self._rings[errand])

    def _from(self, ring: dict[str, deque[Ticket]]) -> Ticket:
        caller = next(iter(ring))
        tickets = ring.pop(caller)
        ticket = tickets.popleft()
        if tickets:
            ring[caller] = tickets
        return ticket

    def crowding(self, newcomer: Ticket) -> Ticket:
        """Who goes when there is one too many: the newest of whoever has most there, the newcomer among equals."""
        longest = max(
            (tickets for ring in self._rings.values() for tickets in ring.values()),
            key=lambda tickets: (len(tickets), tickets[-1] is newcomer),
        )
        return longest[-1]
