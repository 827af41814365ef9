"""What an account may still download: three quotas, counted per user and per address [REFERENCE §10]."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from m2m_sandbox.downloads.download import Queued

__all__ = ["Quotas", "Used", "check", "left", "used"]


@dataclass(frozen=True)
class Quotas:
    """How many downloads may be asked for within ``window`` seconds, be prepared at once, wait to be fetched."""

    recent: int = 15_000
    pending: int = 20_000
    unattempted: int = 20_000
    window: float = 900


@dataclass(frozen=True)
class Used:
    """What counts against the quotas."""

    recent: int
    pending: int
    unattempted: int


def used(queue: Iterable[Queued], now: float, window: float) -> Used:
    """Of some downloads."""
    mine = list(queue)
    return Used(
        recent=sum(now - one.asked < window for one in mine),
        pending=sum(one.is_pending(now) for one in mine if not one.removed),
        unattempted=sum(not one.attempted and not one.is_pending(now) for one in mine if not one.removed),
    )


def left(quotas: Quotas, spent: Used) -> dict[str, int]:
    """What M2M calls counts is what is left of them."""
    return {
        f"{name}DownloadCount": max(0, size - asdict(spent)[name])
        for name, size in asdict(quotas).items()
        if name != "window"
    }


def check(quotas: Quotas, spent: Used, more: int) -> None:
    """Whether that many more may be asked for. Raises Refusal."""
    if more and (
        spent.recent + more > quotas.recent
        or spent.pending >= quotas.pending
        or spent.unattempted >= quotas.unattempted
    ):
        raise Refusal("RATE_LIMIT_USER_DL", "Your account has reached a download rate limit. Try again later.")


def initial(quotas: Quotas) -> dict[str, Any]:
    """The quotas of somebody who has used nothing."""
    return left(quotas, Used(0, 0, 0))
