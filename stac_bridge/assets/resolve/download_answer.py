"""Interprets M2M's answers about downloads: what became of each requested file. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from stac_bridge.errors import AssetUnavailable, Staging, UpstreamBusy
from stac_bridge.m2m.models.downloads import Download, DownloadAnswer, DownloadInput, RetrievedDownload

DISABLED_RETRY_AFTER = 300
"""Seconds before retrying a delivery system that is temporarily disabled, which may last for hours."""

MIN_STAGING_WAIT, MAX_STAGING_WAIT = 5, 60
"""Seconds of Retry-After while USGS prepares a file."""


@dataclass(frozen=True, slots=True)
class QueuedDownload:
    """A download in USGS's queue: its id, its label there, and its URL as soon as it has one.

    ``eula`` is the code of its license; ``first_seen`` (Unix seconds) is when it was first reported to us;
    ``is_duplicate`` says that an earlier request put it into the queue; ``is_proxied`` that another host than USGS's
    file server delivers it; ``has_failed`` that it will not become ready.
    """

    download_id: int
    label: str
    url: str | None = None
    eula: str | None = None
    is_duplicate: bool = False
    is_proxied: bool = False
    has_failed: bool = False
    first_seen: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class RefusedDownload:
    """A download that USGS refuses, and its reason if it gives one."""

    reason: str | None = None

    @property
    def is_temporary(self) -> bool:
        """Whether USGS itself calls the reason temporary."""
        return "temporar" in (self.reason or "").casefold()

    @property
    def error(self) -> AssetUnavailable | UpstreamBusy:
        """The error for the reader: only a temporary reason is worth a retry."""
        if self.is_temporary:
            return UpstreamBusy(
                f"USGS does not deliver this file for now: {self.reason}", retry_after=DISABLED_RETRY_AFTER
            )
        return AssetUnavailable(f"USGS refuses this download: {self.reason or 'it gives no reason.'}")


def refused_downloads(inputs: Sequence[DownloadInput], answer: DownloadAnswer) -> dict[DownloadInput, RefusedDownload]:
    """Return the inputs that the answer lists as failed, with USGS's reasons.

    If there was one input, a failure is its own, whatever ids the failure has, unless the queue has the download.
    """
    if len(inputs) == 1 and answer.failed:
        is_queued = bool(answer.available or answer.preparing or answer.new_records or answer.duplicates)
        return {} if is_queued else {inputs[0]: RefusedDownload(answer.failed[0].message)}
    return {
        download: RefusedDownload(failure.message)
        for failure in answer.failed
        for download in inputs
        if download.entity_id == failure.entity_id and failure.product_id in (None, download.product_id)
    }


def unnamed_refusal(answer: DownloadAnswer) -> RefusedDownload:
    """Return the refusal of inputs that no part of the answer names.

    Failures without ids are theirs, but which belongs to which is unknown. If one is temporary, a retry finds out.
    """
    unnamed = [RefusedDownload(failure.message) for failure in answer.failed if failure.entity_id is None]
    return max(unnamed, key=lambda refusal: refusal.is_temporary, default=RefusedDownload())


def queued_downloads(answer: DownloadAnswer, label: str, now: float) -> dict[int, QueuedDownload]:
    """Return the queue's downloads after a request, by download id: under ``label``, or under an earlier one's.

    ``now`` is in Unix seconds.
    """
    queued = {
        ident: QueuedDownload(ident, own_label or label, is_duplicate=ident in answer.duplicates, first_seen=now)
        for ident, own_label in {**answer.new_records, **answer.duplicates}.items()
    }
    for row in (*answer.preparing, *answer.available):
        known = queued.get(row.download_id) or QueuedDownload(row.download_id, label, first_seen=now)
        queued[row.download_id] = replace(known, eula=row.eula)
    for row in answer.available:
        url = _ready_url(row.url)
        queued[row.download_id] = replace(queued[row.download_id], url=url, is_proxied=_is_signed(url))
    return queued


def match_rows(
    inputs: Iterable[DownloadInput], rows: Iterable[Download | RetrievedDownload]
) -> dict[DownloadInput, int]:
    """Return input → download id, by the rows' entity ids, and by product codes if an entity has several inputs."""
    by_entity: dict[str, list[DownloadInput]] = defaultdict(list)
    matched: dict[DownloadInput, int] = {}
    for download in inputs:
        by_entity[download.entity_id].append(download)
    for row in rows:
        same_entity = by_entity[row.entity_id or ""]
        if len(same_entity) == 1:
            candidates = same_entity
        else:
            candidates = [download for download in same_entity if download.code and download.code == row.product_code]
        if len(candidates) == 1:
            matched.setdefault(candidates[0], row.download_id)
    return matched


def update_from_queue(download: QueuedDownload, rows: Iterable[RetrievedDownload]) -> QueuedDownload | None:
    """Return the download with what the queue's rows say about it; None if they do not list it.

    It may be in both of the queue's lists, in one or (at first) in none, and the URL of one that is only requested
    may work already [REFERENCE §8].
    """
    own = [row for row in rows if row.download_id == download.download_id]
    if not own:
        return None
    url = next((url for row in own if (url := _ready_url(row.url))), download.url)
    statuses = [row.is_proxied for row in own if row.is_proxied is not None]
    return replace(
        download,
        url=url,
        eula=next((row.eula for row in own if row.eula), download.eula),
        is_proxied=url is not None and (any(statuses) if statuses else _is_signed(url)),
        has_failed=url is None and any(row.has_failed for row in own),
    )


def staging_error(download: QueuedDownload, now: float) -> Staging:
    """Return the error for a file in preparation; Retry-After is the time it has taken until ``now``, within bounds."""
    wait = int(min(MAX_STAGING_WAIT, max(MIN_STAGING_WAIT, now - download.first_seen)))
    license_note = f" Its use is bound to USGS's license {download.eula}." if download.eula else ""
    return Staging(f"USGS is preparing this file; retry in {wait} seconds.{license_note}", retry_after=wait)


def _ready_url(url: str | None) -> str | None:
    """Return the URL if it serves bytes already, and is not a placeholder for a file in preparation.

    No status counts: rows that are Available, Downloading or Proxied have such a URL, in either list [REFERENCE §8].
    """
    return None if not url or "/download-staging/" in url else url


def _is_signed(url: str | None) -> bool:
    """Return whether a host that M2M does not observe delivers the file, going by its URL.

    download-request reports no status. Signed URLs are those of landsatlook, which the queue lists as Proxied; the
    URLs of the file server are not signed [REFERENCE §8].
    """
    return "requestSignature=" in (url or "")
