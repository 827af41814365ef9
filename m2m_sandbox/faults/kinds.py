"""The kinds of faults: what can go wrong, where, and how often [REFERENCE §10, §13].

A fault is a closed JSON object: its ``kind`` says what goes wrong and which further keys it takes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, NonNegativeFloat, NonNegativeInt, TypeAdapter, field_validator
from pydantic import ValidationError as Invalid

from m2m_sandbox.api.errors import CODES
from m2m_sandbox.faults.model import NotAFault, OnFiles, OnSystems, Striking, nearest

__all__ = [
    "Astray",
    "Chunked",
    "Cut",
    "Disabled",
    "Down",
    "Drift",
    "Endless",
    "Error",
    "Expires",
    "Fault",
    "Hang",
    "KeysLost",
    "Latency",
    "LoginPage",
    "LyingTotal",
    "Maintenance",
    "NoHead",
    "NoRange",
    "NotAFault",
    "OnSystems",
    "Redirect",
    "Reset",
    "Slow",
    "Staging",
    "Unavailable",
    "parsed",
]


class Latency(Striking):
    """An answer takes so many seconds longer; the account's turn lasts as long."""

    kind: Literal["latency"]
    seconds: NonNegativeFloat


class Maintenance(Striking):
    """An HTML page in place of JSON."""

    kind: Literal["maintenance"]
    status: Literal[200, 503] = 503


class Reset(Striking):
    """The connection is reset before any answer."""

    kind: Literal["reset"]


class Cut(Striking):
    """The connection ends after so many bytes of the body, of which all were announced."""

    kind: Literal["cut"]
    at: NonNegativeInt


class Hang(Striking):
    """No answer at all, until whoever asked goes away."""

    kind: Literal["hang"]


class Error(Striking):
    """An errorCode in the envelope; HTTP status as the sandbox has it, or another."""

    kind: Literal["error"]
    code: str
    message: str = "This error was asked for."
    status: Annotated[int, Field(ge=200, le=599)] | None = None

    @field_validator("code")
    @classmethod
    def _of_m2m(cls, code: str) -> str:
        nearest(code, CODES, "no error code")
        return code


class KeysLost(Striking):
    """All keys are dead from now on, this request's too."""

    kind: Literal["keys-lost"]


class Drift(Striking):
    """Keys of ``data``, at any depth, are missing, new, or of another type (numbers become text, the rest lists)."""

    kind: Literal["drift"]
    missing: tuple[str, ...] = ()
    extra: dict[str, Any] = Field(default_factory=dict)
    retyped: tuple[str, ...] = ()


class LyingTotal(Striking):
    """totalHits is off by so many; totalHitsAccuracy says so, or ``absent`` takes it away."""

    kind: Literal["lying-total"]
    on: tuple[str, ...] = ("scene-search",)
    by: int
    accuracy: Literal["exact", "approximate", "absent"] | None = None


class Astray(Striking):
    """The URLs of downloads point somewhere else."""

    kind: Literal["astray"]
    on: tuple[str, ...] = ("download-request", "download-retrieve")
    to: str


class Disabled(OnSystems):
    """download-request refuses what these systems deliver, as when one is down."""

    kind: Literal["disabled"]


class Staging(OnSystems):
    """What is asked for is staged for so many seconds; null for good."""

    kind: Literal["staging"]
    seconds: NonNegativeFloat | None


class Unavailable(OnSystems):
    """What these systems deliver is listed, but not available: of a scene whose files are not, its bundle may be."""

    kind: Literal["unavailable"]


class Down(OnFiles):
    """A gateway's page in place of the file, or of an answer of the API; ``retry_after`` seconds are told with it."""

    kind: Literal["down"]
    status: Literal[429, 500, 502, 503, 504] = 502
    retry_after: NonNegativeInt | None = None


class Expires(OnFiles):
    """403 once a URL was read so many times."""

    kind: Literal["expires"]
    reads: NonNegativeInt


class NoHead(OnFiles):
    """HEAD is refused."""

    kind: Literal["no-head"]
    status: Literal[403, 405] = 405


class NoRange(OnFiles):
    """Range is ignored: 200 and the whole."""

    kind: Literal["no-range"]


class Chunked(OnFiles):
    """Neither the length nor Range: 200, and the body ends when it ends."""

    kind: Literal["chunked"]


class Endless(OnFiles):
    """As chunked, and after the file's bytes come others, for as long as they are read."""

    kind: Literal["endless"]


class Redirect(OnFiles):
    """302: to another address of the same file, or wherever ``to`` points."""

    kind: Literal["redirect"]
    to: str | None = None


class LoginPage(OnFiles):
    """200 and a page to sign in, in place of the file."""

    kind: Literal["login-page"]


class Slow(OnFiles):
    """So many seconds until the first byte, and so many for each megabyte."""

    kind: Literal["slow"]
    first: NonNegativeFloat = 0
    per_megabyte: NonNegativeFloat = 0


Fault = Annotated[
    Latency
    | Maintenance
    | Reset
    | Cut
    | Hang
    | Error
    | KeysLost
    | Drift
    | LyingTotal
    | Astray
    | Disabled
    | Staging
    | Unavailable
    | Down
    | Expires
    | NoHead
    | NoRange
    | Chunked
    | Endless
    | Redirect
    | LoginPage
    | Slow,
    Field(discriminator="kind"),
]

_MODELS: dict[str, type[Striking]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Fault)[0])
}
_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


def parsed(said: object) -> Fault:
    """The fault that a JSON object describes. Raises NotAFault.

    >>> parsed({"kind": "cut", "at": 10, "tmies": 1})
    Traceback (most recent call last):
    m2m_sandbox.faults.model.NotAFault: "tmies" is no key of the fault "cut"; did you mean "times"?
    """
    if not isinstance(said, dict):
        raise NotAFault("A fault is a JSON object with a kind")
    kind = str(said.get("kind"))
    nearest(kind, _MODELS, "no kind of fault")
    for key in said:
        nearest(key, _MODELS[kind].model_fields, f'no key of the fault "{kind}"')
    try:
        return _FAULT.validate_python(said)
    except Invalid as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        raise NotAFault(f"{place}: {first['msg']}".removeprefix(": ")) from None
