"""Lists of scenes that M2M keeps under an account, for as long as whoever made them asked [REFERENCE §3]."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from m2m_sandbox.api.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Part", "SceneLists", "seconds_of"]

MOST = 50_000
"""Scenes that one list may hold [REFERENCE §3]."""

_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$"
)
_UNITS = (365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3_600, 60, 1)


def seconds_of(duration: object) -> float:
    """The seconds of an ISO-8601 duration; a month is 30 days, a year 365. Raises Refusal.

    >>> seconds_of("PT1M"), seconds_of("P1W"), seconds_of("P1DT12H")
    (60.0, 604800.0, 129600.0)
    """
    found = _DURATION.match(str(duration))
    if found is None:
        raise Refusal("INPUT_PARAMETER_INVALID", "timeToLive must be an ISO-8601 duration, such as P1D")
    return float(sum(unit * int(said or 0) for unit, said in zip(_UNITS, found.groups(), strict=True)))


@dataclass
class Part:
    """The scenes that a list holds of one dataset, by entity id; ``until`` (seconds) is None for no end."""

    until: float | None = None
    entity_ids: dict[str, None] = field(default_factory=dict)


class SceneLists:
    """The lists of one account: list id → dataset → Part. What has outlived its time is gone at the next look."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lists: dict[str, dict[str, Part]] = {}

    def add(self, list_id: str, dataset: str, entity_ids: Iterable[str], lives: float | None) -> int:
        """How many scenes were added, those included that were there. Raises Refusal."""
        new = dict.fromkeys(entity_ids)
        part = self._lists.setdefault(list_id, {}).setdefault(dataset, Part())
        merged = {**part.entity_ids, **new}
        if len(merged) > MOST:
            raise Refusal("INPUT_INVALID", f"A list may hold at most {MOST} scenes")
        part.entity_ids = merged
        part.until = part.until if lives is None else self._clock() + lives
        return len(new)

    def parts(self, list_id: str, dataset: str | None = None) -> dict[str, Part]:
        """What a list holds, by dataset; all of it, or one dataset's."""
        now = self._clock()
        found = {
            name: part for name, part in self._lists.get(list_id, {}).items() if part.until is None or part.until > now
        }
        self._lists[list_id] = found
        if not found:
            del self._lists[list_id]
        return {name: part for name, part in found.items() if dataset in (None, name)}

    def remove(self, list_id: str, dataset: str | None, entity_ids: Iterable[str]) -> None:
        """The whole list, or what it holds of a dataset, or some of that."""
        gone = set(entity_ids)
        for name, part in self.parts(list_id, dataset).items():
            part.entity_ids = {one: None for one in part.entity_ids if gone and one not in gone}
            if not part.entity_ids:
                del self._lists[list_id][name]

    def names(self) -> list[str]:
        """The lists that are alive."""
        return [name for name in list(self._lists) if self.parts(name)]

    def left(self, part: Part) -> int | None:
        """Seconds that a part still has to live."""
        return None if part.until is None else round(part.until - self._clock())
