"""The faults that stand, and whom they strike: the same requests every time [fault_kinds says what they are]."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from m2m_sandbox.faults.kinds import Disabled, OnSystems, Staging, Unavailable, parsed

if TYPE_CHECKING:
    from m2m_sandbox.faults.kinds import Fault

__all__ = ["Faults", "Standing"]


@dataclass
class Standing:
    """A fault that stands: how many requests it has met, how many of them it struck, how often each URL was read."""

    ident: int
    fault: Fault
    met: int = 0
    struck: int = 0
    reads: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._luck = random.Random(self.fault.seed)  # noqa: S311 -- the same strikes every time are the point

    def strikes(self) -> bool:
        """Whether it strikes the request that it meets now."""
        self.met += 1
        lucky = self._luck.random() >= self.fault.rate
        if lucky or self.met <= self.fault.skip or (self.fault.times is not None and self.struck >= self.fault.times):
            return False
        self.struck += 1
        return True

    def described(self) -> dict[str, Any]:
        """As the list of faults has it."""
        return {"id": self.ident, "met": self.met, "struck": self.struck, "fault": self.fault.model_dump()}


class Faults:
    """The faults that stand, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._standing: dict[int, Standing] = {}
        self._made = 0
        self._lock = Lock()

    def add(self, said: object) -> Standing:
        """Ask for a fault. Raises NotAFault."""
        fault = parsed(said)
        self._made += 1
        self._standing[self._made] = Standing(self._made, fault)
        return self._standing[self._made]

    def every(self) -> list[Standing]:
        """Those that stand."""
        return list(self._standing.values())

    def clear(self, ident: int | None = None) -> bool:
        """End one, or all. Whether there was any such."""
        found = [one for one in self._standing if ident in (None, one)]
        for one in found:
            del self._standing[one]
        return bool(found) or ident is None

    def striking(self, places: set[str]) -> list[Standing]:
        """Those that strike a request to these places."""
        with self._lock:
            return [
                one
                for one in self.every()
                if not isinstance(one.fault, OnSystems) and places & set(one.fault.on) and one.strikes()
            ]

    def disables(self, system: str) -> bool:
        """Whether a download of this system is refused now."""
        return bool(self._on_system(Disabled, system))

    def hides(self, system: str) -> bool:
        """Whether a product of this system is not available now, nor listed as if it were."""
        return bool(self._on_system(Unavailable, system))

    def as_listed(self, product: dict[str, Any]) -> dict[str, Any]:
        """A product as download-options has it while faults stand, with the files inside it."""
        files = [self.as_listed(one) for one in product["secondaryDownloads"]]
        hidden = {"available": False, "filesize": 0} if self.hides(product["downloadSystem"]) else {}
        return {**product, "secondaryDownloads": files, **hidden}

    def staging(self, system: str) -> Staging | None:
        """The staging that a download of this system is given in place of the usual one."""
        for one in self._on_system(Staging, system):
            if isinstance(one.fault, Staging):
                return one.fault
        return None

    def _on_system(self, kind: type[OnSystems], system: str) -> list[Standing]:
        with self._lock:
            return [
                one for one in self.every() if isinstance(one.fault, kind) and system in one.fault.on and one.strikes()
            ]
