"""What all faults take: where they strike, how often, and with which luck."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, field_validator

from m2m_sandbox.api.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NotAFault", "OnFiles", "OnSystems", "Striking", "nearest"]

PLACES = ("api", "files", "landsatlook", "dds")
"""Beside the endpoints: all of them, all download hosts, the signed one, the one that stages."""

SYSTEMS = ("dds", "dds_ms", "dds_zip", "ls_frb", "ls_s3", "ls_zip", "tram", "wms", "zip")


class NotAFault(ValueError):
    """What was asked for is no fault; the message says why, and what may have been meant."""


class Striking(BaseModel):
    """A fault of any kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: tuple[str, ...] = ("api",)
    times: PositiveInt | None = None
    """Strikes until it is used up; None for no end."""
    skip: NonNegativeInt = 0
    """Requests that are spared at first."""
    rate: Annotated[float, Field(gt=0, le=1)] = 1
    """The share of requests that it strikes, drawn from ``seed``: the same ones every time."""
    seed: int = 0

    @field_validator("on")
    @classmethod
    def _known(cls, places: tuple[str, ...]) -> tuple[str, ...]:
        for place in places:
            nearest(place, (*PLACES, *sorted(ENDPOINTS)), "no endpoint or host")
        return places


class OnFiles(Striking):
    """What befalls files on their hosts."""

    on: tuple[str, ...] = ("files",)


class OnSystems(Striking):
    """What befalls downloads, by the system that delivers them."""

    on: tuple[str, ...] = SYSTEMS
    """Download systems."""

    @field_validator("on")
    @classmethod
    def _known(cls, places: tuple[str, ...]) -> tuple[str, ...]:
        for place in places:
            nearest(place, SYSTEMS, "no download system")
        return places


def nearest(said: str, known: Iterable[str], what: str) -> None:
    """Raises NotAFault for what is not known, with what may have been meant."""
    every = list(known)
    if said in every:
        return
    near = difflib.get_close_matches(said, every, 1, 0.4)
    meant = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(every)}"
    raise NotAFault(f'"{said}" is {what}; {meant}')
