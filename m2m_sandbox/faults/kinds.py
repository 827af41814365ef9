"""The kinds of faults: what can go wrong, on which requests, and how often [REFERENCE §10, §13].

A fault is a JSON object. Its ``kind`` is the effect, and decides which other keys are allowed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, NonNegativeFloat, NonNegativeInt, TypeAdapter, ValidationError, field_validator

from m2m_sandbox.api.errors import AUTH_CODES, CODES
from m2m_sandbox.faults.model import FaultModel, FileFault, InvalidFault, SystemFault, check_known


class Latency(FaultModel):
    """A response takes this many seconds longer; the account's next request is rejected until then."""

    kind: Literal["latency"]
    seconds: NonNegativeFloat


class Maintenance(FaultModel):
    """An HTML page instead of JSON."""

    kind: Literal["maintenance"]
    status: Literal[200, 503] = 503


class Reset(FaultModel):
    """The connection is reset before any response."""

    kind: Literal["reset"]


class Cut(FaultModel):
    """The connection is closed after this many bytes of the body; the headers announce the whole body."""

    kind: Literal["cut"]
    at: NonNegativeInt


class Hang(FaultModel):
    """No response until the client disconnects."""

    kind: Literal["hang"]


class Error(FaultModel):
    """An errorCode in the envelope, with ``status`` or else the HTTP status that the sandbox uses for the code."""

    kind: Literal["error"]
    code: str
    message: str = "This error was requested."
    status: Annotated[int, Field(ge=200, le=599)] | None = None

    @field_validator("code")
    @classmethod
    def _check_code(cls, code: str) -> str:
        check_known(code, CODES, "not an error code")
        return code


class KeysLost(FaultModel):
    """Invalidates all API keys, that of the current request included; they are refused with HTTP 403 and ``code``."""

    kind: Literal["keys-lost"]
    code: str = "AUTH_KEY_INVALID"

    @field_validator("code")
    @classmethod
    def _check_code(cls, code: str) -> str:
        check_known(code, AUTH_CODES, "not a code of authentication")
        return code


class Drift(FaultModel):
    """Keys of ``data`` at any depth are missing, added, or retyped: numbers become text, other values lists."""

    kind: Literal["drift"]
    missing: tuple[str, ...] = ()
    extra: dict[str, Any] = Field(default_factory=dict)
    retyped: tuple[str, ...] = ()


class LyingTotal(FaultModel):
    """totalHits is wrong by this many; totalHitsAccuracy becomes ``accuracy``, or is removed for ``absent``."""

    kind: Literal["lying-total"]
    on: tuple[str, ...] = ("scene-search",)
    by: int
    accuracy: Literal["exact", "approximate", "absent"] | None = None


class Astray(FaultModel):
    """All download URLs become ``to``."""

    kind: Literal["astray"]
    on: tuple[str, ...] = ("download-request", "download-retrieve")
    to: str


class Disabled(SystemFault):
    """download-request fails for products of these systems, as when a system is down."""

    kind: Literal["disabled"]


class Staging(SystemFault):
    """Downloads are staged for this many seconds; null means that they are never ready."""

    kind: Literal["staging"]
    seconds: NonNegativeFloat | None


class Unavailable(SystemFault):
    """Products of these systems are listed as unavailable. If only a scene's files are, its bundle still is."""

    kind: Literal["unavailable"]


class Down(FileFault):
    """A gateway's error page instead of a file or an API response, with Retry-After if ``retry_after`` is set."""

    kind: Literal["down"]
    status: Literal[429, 500, 502, 503, 504] = 502
    retry_after: NonNegativeInt | None = None


class Expires(FileFault):
    """403 after this many reads of a URL."""

    kind: Literal["expires"]
    reads: NonNegativeInt


class NoHead(FileFault):
    """HEAD is rejected with ``status``."""

    kind: Literal["no-head"]
    status: Literal[403, 405] = 405


class NoRange(FileFault):
    """Range is ignored: 200 and the whole file."""

    kind: Literal["no-range"]


class Chunked(FileFault):
    """No Content-Length and no Range: 200 and a chunked body."""

    kind: Literal["chunked"]


class Endless(FileFault):
    """As chunked, and the body continues with zeros after the file until the client disconnects."""

    kind: Literal["endless"]


class Redirect(FileFault):
    """302 to another URL of the same file, or to ``to``."""

    kind: Literal["redirect"]
    to: str | None = None


class LoginPage(FileFault):
    """200 and a sign-in page instead of the file."""

    kind: Literal["login-page"]


class Slow(FileFault):
    """``first`` seconds until the first byte, and ``per_megabyte`` seconds for each megabyte."""

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

_MODELS: dict[str, type[FaultModel]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Fault)[0])
}
"""Kind → its model."""

_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


def parse_fault(document: object) -> Fault:
    """Return the fault that a JSON object describes. Raises InvalidFault.

    >>> parse_fault({"kind": "cut", "at": 10, "tmies": 1})
    Traceback (most recent call last):
    m2m_sandbox.faults.model.InvalidFault: "tmies" is not a key of the fault "cut"; did you mean "times"?
    """
    if not isinstance(document, dict):
        raise InvalidFault("A fault is a JSON object with a kind")
    kind = str(document.get("kind"))
    check_known(kind, _MODELS, "not a kind of fault")
    for key in document:
        check_known(key, _MODELS[kind].model_fields, f'not a key of the fault "{kind}"')
    try:
        return _FAULT.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(str(part) for part in first["loc"][1:])
        raise InvalidFault(f"{location}: {first['msg']}".removeprefix(": ")) from None
