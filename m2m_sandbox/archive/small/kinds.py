"""The small datasets, and the functions that build their rows from the facts of their scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m2m_sandbox.archive.small.aerial import aerial_rows
from m2m_sandbox.archive.small.declass import declass_rows
from m2m_sandbox.archive.small.elevation import elevation_rows, global_rows
from m2m_sandbox.archive.small.eo1 import eo1_rows
from m2m_sandbox.archive.small.events import event_rows
from m2m_sandbox.archive.small.naip import naip_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from m2m_sandbox.archive.small.row import Facts, Row

ROWS: dict[str, Callable[[Facts], Iterable[Row]]] = {
    "aerial_combin": aerial_rows,
    "corona2": declass_rows,
    "declassii": declass_rows,
    "declassiii": declass_rows,
    "eo1_hyp_pub": eo1_rows,
    "event1058": event_rows,
    "event2919": event_rows,
    "event2947": event_rows,
    "event2951": event_rows,
    "gmted2010": global_rows,
    "naip": naip_rows,
    "srtm": elevation_rows,
    "srtm_v2": elevation_rows,
    "srtm_v3": elevation_rows,
}
