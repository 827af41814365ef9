"""The three download quotas, counted per user and per IP address [REFERENCE §10]."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from m2m_sandbox.downloads.download import QueuedDownload


@dataclass(frozen=True)
class Quotas:
    """Maximum number of downloads requested within ``window`` seconds, being prepared, and ready but not yet read."""

    recent: int = 15_000
    pending: int = 20_000
    unattempted: int = 20_000
    window: float = 900


@dataclass(frozen=True)
class Usage:
    """How many downloads count toward each quota."""

    recent: int
    pending: int
    unattempted: int


def measure_usage(downloads: Iterable[QueuedDownload], now: float, window: float) -> Usage:
    """Count the downloads that count toward each quota; removed ones count only as recent.

    Signed URLs do not count as unattempted: after 14 of them, 19,997 of 20,000 were left [REFERENCE §8].
    """
    requested = list(downloads)
    present = [download for download in requested if not download.removed]
    return Usage(
        recent=sum(now - download.requested_at < window for download in requested),
        pending=sum(download.is_pending(now) for download in present),
        unattempted=sum(not download.attempted and download.is_available(now) for download in present),
    )


def remaining_limits(quotas: Quotas, usage: Usage) -> dict[str, int]:
    """Return what remains of each quota. M2M names the members counts, but they are the remainders."""
    return {
        f"{name}DownloadCount": max(0, size - asdict(usage)[name])
        for name, size in asdict(quotas).items()
        if name != "window"
    }


def check_quotas(quotas: Quotas, usage: Usage, more: int) -> None:
    """Raise EndpointError if ``more`` further downloads would exceed a quota."""
    if more and (
        usage.recent + more > quotas.recent
        or usage.pending >= quotas.pending
        or usage.unattempted >= quotas.unattempted
    ):
        raise EndpointError("RATE_LIMIT_USER_DL", "Your account has reached a download rate limit. Try again later.")


def initial_limits(quotas: Quotas) -> dict[str, Any]:
    """Return the quotas of an account that has not used any of them."""
    return remaining_limits(quotas, Usage(0, 0, 0))
