"""What download-request said → what became of each file asked for. Pure."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stac_bridge.errors import AssetUnavailable, Staging, UpstreamBusy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stac_bridge.m2m.models.downloads import Download, DownloadAnswer, DownloadInput, RetrievedDownload

__all__ = ["Grant", "Refusal", "in_queue", "refusals", "retrieved", "staging", "tie"]

DISABLED = 300
"""Seconds after which to come back to a delivery system that is disabled for a while: it may be hours."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A download in USGS's queue: its id, the label it stands under, its URL once there is one.

    ``eula`` is the code of its licence; ``since`` tells (as ``time.time``) when we first heard of it.
    ``known`` is one that was asked for before.
    """

    download_id: int
    label: str
    url: str | None = None
    eula: str | None = None
    known: bool = False
    since: float = field(default_factory=time.time, compare=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A download that USGS does not grant, and its reason."""

    reason: str | None = None

    @property
    def error(self) -> AssetUnavailable | UpstreamBusy:
        """How it is told: what USGS itself calls temporary is worth coming back for."""
        if self.reason and "temporar" in self.reason.casefold():
            return UpstreamBusy(f"USGS does not deliver this file for now: {self.reason}", retry_after=DISABLED)
        return AssetUnavailable(f"USGS refuses this download: {self.reason or 'it gives no reason.'}")


def refusals(asked: Sequence[DownloadInput], answer: DownloadAnswer) -> dict[DownloadInput, Refusal]:
    """What is refused by name, each with USGS's reason; of one alone the names do not matter."""
    if len(asked) == 1 and answer.failed:
        return {asked[0]: Refusal(answer.failed[0].message)}
    return {
        one: Refusal(failed.message)
        for failed in answer.failed
        for one in asked
        if one.entity_id == failed.entity_id and failed.product_id in (None, one.product_id)
    }


def in_queue(answer: DownloadAnswer, label: str) -> dict[int, Grant]:
    """What stands in the queue after a request: under ``label``, or still under that of an earlier one."""
    grants = {
        int(ident): Grant(int(ident), under, known=ident in answer.duplicates)
        for ident, under in {**answer.new_records, **answer.duplicates}.items()
    }
    for row in (*answer.preparing, *answer.available):
        grants[row.download_id] = replace(grants.get(row.download_id) or Grant(row.download_id, label), eula=row.eula)
    for row in answer.available:
        grants[row.download_id] = replace(grants[row.download_id], url=_ready(row.url))
    return grants


def tie(asked: Iterable[DownloadInput], rows: Iterable[Download | RetrievedDownload]) -> dict[DownloadInput, int]:
    """Asked for → download id, by the rows' entity ids; where two products of one are asked for, by their codes."""
    by_entity: dict[str, list[DownloadInput]] = defaultdict(list)
    tied: dict[DownloadInput, int] = {}
    for one in asked:
        by_entity[one.entity_id].append(one)
    for row in rows:
        same = by_entity[row.entity_id or ""]
        fitting = same if len(same) == 1 else [one for one in same if one.code and one.code == row.product_code]
        if len(fitting) == 1:
            tied.setdefault(fitting[0], row.download_id)
    return tied


def retrieved(grant: Grant, rows: Iterable[RetrievedDownload]) -> Grant | None:
    """The same with what the queue's rows tell of it; None where they do not list it.

    It may stand in both lists, in one, or (at first) in none, and a requested one may work already [REFERENCE §8].
    """
    mine = [row for row in rows if row.download_id == grant.download_id]
    if not mine:
        return None
    eula = next((row.eula for row in mine if row.eula), grant.eula)
    return replace(grant, url=next((url for row in mine if (url := _ready(row.url))), grant.url), eula=eula)


def staging(grant: Grant) -> Staging:
    """Come back sooner at first, and later the longer it takes."""
    wait = int(min(60, max(5, time.time() - grant.since)))
    bound = f" Its use is bound to USGS's licence {grant.eula}." if grant.eula else ""
    return Staging(f"USGS is preparing this file; ask again in {wait} seconds.{bound}", retry_after=wait)


def _ready(url: str | None) -> str | None:
    """A URL from which bytes come already."""
    return None if url is None or "/download-staging/" in url else url
