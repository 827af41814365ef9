"""Lists of scenes that M2M stores for an account until they expire [REFERENCE §3]."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from m2m_sandbox.api.errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_LIST_SCENES = 50_000
"""Maximum number of scenes of one dataset in a list [REFERENCE §3]."""

_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$"
)
_UNIT_SECONDS = (365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3_600, 60, 1)


def duration_seconds(duration: object) -> float:
    """Return the seconds of an ISO 8601 duration; a month is 30 days, a year 365. Raises EndpointError.

    >>> duration_seconds("PT1M"), duration_seconds("P1W"), duration_seconds("P1DT12H")
    (60.0, 604800.0, 129600.0)
    """
    match = _DURATION.match(str(duration))
    if match is None:
        raise EndpointError("INPUT_PARAMETER_INVALID", "timeToLive must be an ISO-8601 duration, such as P1D")
    return float(sum(unit * int(count or 0) for unit, count in zip(_UNIT_SECONDS, match.groups(), strict=True)))


@dataclass
class Part:
    """A list's scenes of one dataset.

    ``expires_at`` is in seconds of the clock, None if the part does not expire. ``entity_ids`` is an ordered set.
    """

    expires_at: float | None = None
    entity_ids: dict[str, None] = field(default_factory=dict)


class SceneLists:
    """The lists of one account: list id → dataset → Part. Expired parts are deleted when they are next read."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lists: dict[str, dict[str, Part]] = {}

    def add(self, list_id: str, dataset: str, entity_ids: Iterable[str], ttl: float | None) -> int:
        """Add scenes, and restart the expiry if ``ttl`` (seconds) is set.

        Returns the number of distinct ids, including those that were already in the list.

        Raises:
            EndpointError: if the list would get too long; it is unchanged then.
        """
        new = dict.fromkeys(entity_ids)
        part = self._lists.setdefault(list_id, {}).setdefault(dataset, Part())
        merged = {**part.entity_ids, **new}
        if len(merged) > MAX_LIST_SCENES:
            raise EndpointError("INPUT_INVALID", f"A list may hold at most {MAX_LIST_SCENES} scenes")
        part.entity_ids = merged
        part.expires_at = part.expires_at if ttl is None else self._clock() + ttl
        return len(new)

    def parts(self, list_id: str, dataset: str | None = None) -> dict[str, Part]:
        """Return a list's parts by dataset: all of them, or those of one dataset."""
        now = self._clock()
        alive = {
            name: part
            for name, part in self._lists.get(list_id, {}).items()
            if part.expires_at is None or part.expires_at > now
        }
        self._lists[list_id] = alive
        if not alive:
            del self._lists[list_id]
        return {name: part for name, part in alive.items() if dataset in (None, name)}

    def remove(self, list_id: str, dataset: str | None, entity_ids: Iterable[str]) -> None:
        """Remove the whole list, its scenes of one dataset, or only these scenes if ``entity_ids`` has any."""
        removed = set(entity_ids)
        for name, part in self.parts(list_id, dataset).items():
            part.entity_ids = {entity_id: None for entity_id in part.entity_ids if removed and entity_id not in removed}
            if not part.entity_ids:
                del self._lists[list_id][name]

    def names(self) -> list[str]:
        """Return the ids of the lists that have not expired."""
        return [name for name in list(self._lists) if self.parts(name)]

    def seconds_left(self, part: Part) -> int | None:
        """Return the whole seconds until a part expires, None if it does not."""
        return None if part.expires_at is None else round(part.expires_at - self._clock())
