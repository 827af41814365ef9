"""The machine that runs the benchmarks, described without its name or any path."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Machine", "this_machine"]


@dataclass(frozen=True, slots=True)
class Machine:
    """What figures depend on. ``memory`` is in bytes; ``load`` is the average of the last minute."""

    date: str
    processor: str
    cores: int
    memory: int
    python: str
    load: float


def this_machine() -> Machine:
    """Describe this machine now; cores are those that this process may use."""
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        python=platform.python_version(),
        load=os.getloadavg()[0],
    )


def _processor() -> str:
    """Return the model that Linux reports; ARM processors have none there."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return model[1] if model else platform.machine()
