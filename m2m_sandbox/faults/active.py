"""The active faults, and which requests trigger them; ``kinds`` defines what each does."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from m2m_sandbox.faults.kinds import Disabled, Staging, Unavailable, parse_fault
from m2m_sandbox.faults.model import SystemFault

if TYPE_CHECKING:
    from m2m_sandbox.faults.kinds import Fault


@dataclass
class ActiveFault:
    """A fault with its counters: requests that it applied to, how many of them triggered it, reads of each URL."""

    fault_id: int
    fault: Fault
    met: int = 0
    triggered: int = 0
    reads: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.fault.seed)  # noqa: S311 -- the same requests must trigger it in every run

    def trigger(self) -> bool:
        """Count a request that the fault applies to, and return whether it triggers the fault."""
        self.met += 1
        # Draw for every request, also for skipped ones, so that ``skip`` does not change which later ones trigger.
        spared = self._random.random() >= self.fault.rate
        exhausted = self.fault.times is not None and self.triggered >= self.fault.times
        if spared or self.met <= self.fault.skip or exhausted:
            return False
        self.triggered += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """Return the fault as ``/__sandbox/faults`` lists it."""
        return {"id": self.fault_id, "met": self.met, "struck": self.triggered, "fault": self.fault.model_dump()}


class Faults:
    """The active faults, in the order in which they were added."""

    def __init__(self) -> None:
        self._active: dict[int, ActiveFault] = {}
        self._last_id = 0
        self._lock = Lock()

    def add(self, document: object) -> ActiveFault:
        """Add the fault that a JSON object describes. Raises InvalidFault."""
        fault = parse_fault(document)
        self._last_id += 1
        self._active[self._last_id] = ActiveFault(self._last_id, fault)
        return self._active[self._last_id]

    def active(self) -> list[ActiveFault]:
        """Return the active faults."""
        return list(self._active.values())

    def clear(self, fault_id: int | None = None) -> bool:
        """Remove one fault, or all without an id. Returns False if there is no fault with this id."""
        ids = [active_id for active_id in self._active if fault_id in (None, active_id)]
        for active_id in ids:
            del self._active[active_id]
        return bool(ids) or fault_id is None

    def trigger_on(self, targets: set[str]) -> list[ActiveFault]:
        """Return the faults that a request to these targets triggers (see ``injection.request_targets``)."""
        with self._lock:
            return [
                active
                for active in self.active()
                if not isinstance(active.fault, SystemFault) and targets & set(active.fault.on) and active.trigger()
            ]

    def disables(self, system: str) -> bool:
        """Return whether a download of this system fails now."""
        return bool(self._trigger_on_system(Disabled, system))

    def hides(self, system: str) -> bool:
        """Return whether a product of this system is unavailable now."""
        return bool(self._trigger_on_system(Unavailable, system))

    def with_availability(self, product: dict[str, Any]) -> dict[str, Any]:
        """Return an entry of download-options, and its files, with the active faults applied."""
        files = [self.with_availability(file) for file in product["secondaryDownloads"]]
        hidden = {"available": False, "filesize": 0} if self.hides(product["downloadSystem"]) else {}
        return {**product, "secondaryDownloads": files, **hidden}

    def staging(self, system: str) -> Staging | None:
        """Return the fault that replaces the usual staging time of a download of this system, if any."""
        for active in self._trigger_on_system(Staging, system):
            if isinstance(active.fault, Staging):
                return active.fault
        return None

    def _trigger_on_system(self, kind: type[SystemFault], system: str) -> list[ActiveFault]:
        with self._lock:
            return [
                active
                for active in self.active()
                if isinstance(active.fault, kind) and system in active.fault.on and active.trigger()
            ]
