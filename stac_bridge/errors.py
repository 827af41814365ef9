"""What can go wrong, drawn once.

::

    BridgeError
    ├── BadRequest            the question cannot be answered as asked
    │   ├── BadCursor         a token that is not ours, has expired, or belongs to another search
    │   ├── TooLarge          its body has more bytes than are taken
    │   ├── TooLong           its address has
    │   └── TooOften          the caller asks faster than one may
    ├── NotFound              no such collection, item or asset
    ├── Refused               a signature that does not fit its address, or has expired
    ├── SearchTooWide         the budget of calls ended before the first match
    ├── Staging               USGS is preparing the file; come back later
    ├── AssetUnavailable      USGS does not deliver this file, and says why
    ├── NoRoom                the disk of the server is full, or a file too large for it
    ├── MappingInvalid        a file in mappings/ says something it may not
    └── UpstreamError         M2M did not do its part
        ├── UpstreamBusy          our turn did not come in time, or USGS refuses more for now
        ├── UpstreamUnreachable   no connection, a maintenance page, or faults to the end of all retries
        ├── UpstreamTimeout       an answer took too long
        ├── UpstreamLogin         the account's name or token is refused, or lacks a role
        └── UpstreamFault         M2M answered with an error that retrying does not mend

Every error's text is one sentence (or two) that says what to change or when to come back.
How each looks over HTTP is decided in ``api/errors.py``.
"""

from __future__ import annotations

__all__ = [
    "AssetUnavailable",
    "BadCursor",
    "BadRequest",
    "BridgeError",
    "MappingInvalid",
    "NoRoom",
    "NotFound",
    "Refused",
    "SearchTooWide",
    "Staging",
    "TooLarge",
    "TooLong",
    "TooOften",
    "UpstreamBusy",
    "UpstreamError",
    "UpstreamFault",
    "UpstreamLogin",
    "UpstreamTimeout",
    "UpstreamUnreachable",
]


class BridgeError(Exception):
    """Root of the tree. ``retry_after`` is in seconds, None where coming back would not help."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BadRequest(BridgeError):
    """The question cannot be answered as asked; the text says what to change."""


class BadCursor(BadRequest):
    """A paging token that is not ours, has expired, or belongs to another search."""


class TooLarge(BadRequest):
    """The body of a request has more bytes than are taken."""


class TooLong(BadRequest):
    """The address of a request has more bytes than are taken."""


class TooOften(BadRequest):
    """The caller asks faster than one may; come back after ``retry_after`` seconds."""


class NotFound(BridgeError):
    """No such collection, item or asset."""


class Refused(BridgeError):
    """A signature that does not fit its address, or has expired."""


class SearchTooWide(BridgeError):
    """The budget of M2M calls ended before the first match; ``token`` leads on, as a page's does."""

    def __init__(self, message: str, *, token: str) -> None:
        super().__init__(message)
        self.token = token


class Staging(BridgeError):
    """USGS is preparing the file; come back after ``retry_after`` seconds."""


class AssetUnavailable(BridgeError):
    """USGS does not deliver this file (any more, or yet); the text gives its reason."""


class NoRoom(BridgeError):
    """A file has to be kept for a while on the server's disk, which has no room for it."""


class MappingInvalid(BridgeError):
    """A mapping file says something it may not; the text names file, row and the nearest right word."""


class UpstreamError(BridgeError):
    """M2M did not do its part. ``code`` is M2M's errorCode where it gave one."""

    def __init__(self, message: str, *, code: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.code = code


class UpstreamBusy(UpstreamError):
    """Our turn at the account did not come in time, or USGS refuses more requests for now."""


class UpstreamUnreachable(UpstreamError):
    """No connection, a maintenance page in place of JSON, or faults to the end of all retries."""


class UpstreamTimeout(UpstreamError):
    """An answer took longer than it may."""


class UpstreamLogin(UpstreamError):
    """The account's name or token is refused, or the account lacks the role for what was asked."""


class UpstreamFault(UpstreamError):
    """M2M answered with an error that retrying does not mend."""
