"""The kinds of faults: what can go wrong, where, and how often [REFERENCE §10, §13].

A fault is a closed JSON object: its ``kind`` says what goes wrong and which further keys it takes.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    TypeAdapter,
    field_validator,
)
from pydantic import ValidationError as Invalid

from stac_bridge.sandbox.refusal import CODES
from stac_bridge.sandbox.service import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Cut",
    "Disabled",
    "Down",
    "Drift",
    "Error",
    "Expires",
    "Fault",
    "KeysLost",
    "Latency",
    "LoginPage",
    "LyingTotal",
    "Maintenance",
    "NoHead",
    "NoRange",
    "NotAFault",
    "OnSystems",
    "Reset",
    "Slow",
    "Staging",
    "parsed",
]

PLACES = ("api", "files", "landsatlook", "dds")
"""Beside the endpoints: all of them, all download hosts, the signed one, the one that stages."""

SYSTEMS = ("dds", "dds_ms", "dds_zip", "ls_frb", "ls_s3", "ls_zip", "tram", "wms", "zip")


class NotAFault(ValueError):
    """What was asked for is no fault; the message says why, and what may have been meant."""


class _Fault(BaseModel):
    """What all faults take: where they strike, how often, and with which luck."""

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
            _nearest(place, (*PLACES, *sorted(ENDPOINTS)), "no endpoint or host")
        return places


class _OnFiles(_Fault):
    on: tuple[str, ...] = ("files",)


class Latency(_Fault):
    """An answer takes so many seconds longer; the account's turn lasts as long."""

    kind: Literal["latency"]
    seconds: NonNegativeFloat


class Maintenance(_Fault):
    """An HTML page in place of JSON."""

    kind: Literal["maintenance"]
    status: Literal[200, 503] = 503


class Reset(_Fault):
    """The connection is reset before any answer."""

    kind: Literal["reset"]


class Cut(_Fault):
    """The connection ends after so many bytes of the body, of which all were announced."""

    kind: Literal["cut"]
    at: NonNegativeInt


class Error(_Fault):
    """An errorCode in the envelope; HTTP status as the sandbox has it, or another."""

    kind: Literal["error"]
    code: str
    message: str = "This error was asked for."
    status: Annotated[int, Field(ge=200, le=599)] | None = None

    @field_validator("code")
    @classmethod
    def _of_m2m(cls, code: str) -> str:
        _nearest(code, CODES, "no error code")
        return code


class KeysLost(_Fault):
    """All keys are dead from now on, this request's too."""

    kind: Literal["keys-lost"]


class Drift(_Fault):
    """Keys of ``data``, at any depth, are missing, new, or of another type (numbers become text, the rest lists)."""

    kind: Literal["drift"]
    missing: tuple[str, ...] = ()
    extra: dict[str, Any] = {}
    retyped: tuple[str, ...] = ()


class LyingTotal(_Fault):
    """totalHits is off by so many; totalHitsAccuracy says so, or ``absent`` takes it away."""

    kind: Literal["lying-total"]
    on: tuple[str, ...] = ("scene-search",)
    by: int
    accuracy: Literal["exact", "approximate", "absent"] | None = None


class OnSystems(_Fault):
    """What befalls downloads, by the system that delivers them."""

    on: tuple[str, ...] = SYSTEMS
    """Download systems."""

    @field_validator("on")
    @classmethod
    def _known(cls, places: tuple[str, ...]) -> tuple[str, ...]:
        for place in places:
            _nearest(place, SYSTEMS, "no download system")
        return places


class Disabled(OnSystems):
    """download-request refuses what these systems deliver, as when one is down."""

    kind: Literal["disabled"]


class Staging(OnSystems):
    """What is asked for is staged for so many seconds; null for good."""

    kind: Literal["staging"]
    seconds: NonNegativeFloat | None


class Down(_OnFiles):
    """A gateway's page in place of the file."""

    kind: Literal["down"]
    status: Literal[500, 502, 503, 504] = 502


class Expires(_OnFiles):
    """403 once a URL was read so many times."""

    kind: Literal["expires"]
    reads: NonNegativeInt


class NoHead(_OnFiles):
    """HEAD is refused."""

    kind: Literal["no-head"]
    status: Literal[403, 405] = 405


class NoRange(_OnFiles):
    """Range is ignored: 200 and the whole."""

    kind: Literal["no-range"]


class LoginPage(_OnFiles):
    """200 and a page to sign in, in place of the file."""

    kind: Literal["login-page"]


class Slow(_OnFiles):
    """So many seconds until the first byte, and so many for each megabyte."""

    kind: Literal["slow"]
    first: NonNegativeFloat = 0
    per_megabyte: NonNegativeFloat = 0


Fault = Annotated[
    Latency
    | Maintenance
    | Reset
    | Cut
    | Error
    | KeysLost
    | Drift
    | LyingTotal
    | Disabled
    | Staging
    | Down
    | Expires
    | NoHead
    | NoRange
    | LoginPage
    | Slow,
    Field(discriminator="kind"),
]

_MODELS: dict[str, type[_Fault]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Fault)[0])
}
_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


def parsed(said: object) -> Fault:
    """The fault that a JSON object describes. Raises NotAFault.

    >>> parsed({"kind": "cut", "at": 10, "tmies": 1})
    Traceback (most recent call last):
    stac_bridge.sandbox.fault_kinds.NotAFault: "tmies" is no key of the fault "cut"; did you mean "times"?
    """
    if not isinstance(said, dict):
        raise NotAFault("A fault is a JSON object with a kind")
    kind = str(said.get("kind"))
    _nearest(kind, _MODELS, "no kind of fault")
    for key in said:
        _nearest(key, _MODELS[kind].model_fields, f'no key of the fault "{kind}"')
    try:
        return _FAULT.validate_python(said)
    except Invalid as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        raise NotAFault(f"{place}: {first['msg']}".removeprefix(": ")) from None


def _nearest(said: str, known: Iterable[str], what: str) -> None:
    """Raises NotAFault for what is not known, with what may have been meant."""
    every = list(known)
    if said in every:
        return
    near = difflib.get_close_matches(said, every, 1, 0.4)
    meant = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(every)}"
    raise NotAFault(f'"{said}" is {what}; {meant}')
