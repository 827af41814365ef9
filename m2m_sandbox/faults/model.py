"""The keys that all kinds of faults share: which requests they apply to, and how many of those trigger them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, field_validator

from m2m_sandbox.api.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

TARGETS = ("api", "files", "landsatlook", "dds")
"""Targets other than single endpoints: all endpoints, all download hosts, the signed host, the staging host."""

SYSTEMS = ("dds", "dds_ms", "dds_zip", "ls_frb", "ls_s3", "ls_zip", "tram", "wms", "zip")
"""M2M's download systems."""


class InvalidFault(ValueError):
    """A JSON document is not a valid fault; the message says why, and suggests a known word."""


class FaultModel(BaseModel):
    """A fault of any kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: tuple[str, ...] = ("api",)
    """The endpoints or targets whose requests it applies to."""
    times: PositiveInt | None = None
    """Maximum number of times that it is triggered; None for no limit."""
    skip: NonNegativeInt = 0
    """Number of requests that pass first."""
    rate: Annotated[float, Field(gt=0, le=1)] = 1
    """The share of requests that trigger it, drawn at random from ``seed``: the same ones in every run."""
    seed: int = 0

    @field_validator("on")
    @classmethod
    def _known(cls, targets: tuple[str, ...]) -> tuple[str, ...]:
        for target in targets:
            check_known(target, (*TARGETS, *sorted(ENDPOINTS)), "not an endpoint or host")
        return targets


class FileFault(FaultModel):
    """A fault of the file hosts, which may also be set on endpoints."""

    on: tuple[str, ...] = ("files",)


class SystemFault(FaultModel):
    """A fault of the downloads that certain systems deliver."""

    on: tuple[str, ...] = SYSTEMS
    """Download systems, in place of endpoints and hosts."""

    @field_validator("on")
    @classmethod
    def _known(cls, targets: tuple[str, ...]) -> tuple[str, ...]:
        for target in targets:
            check_known(target, SYSTEMS, "not a download system")
        return targets


def check_known(word: str, known: Iterable[str], problem: str) -> None:
    """Raise InvalidFault for an unknown word, with the most similar known one or else a list of them."""
    words = list(known)
    if word in words:
        return
    similar = difflib.get_close_matches(word, words, 1, 0.4)
    hint = f'did you mean "{similar[0]}"?' if similar else f"there are {', '.join(words)}"
    raise InvalidFault(f'"{word}" is {problem}; {hint}')
