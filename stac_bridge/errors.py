"""All errors of the package, in one tree.

::

    BridgeError
    ├── BadRequest            the request is invalid
    │   ├── BadCursor         a paging token that is invalid, expired, or from another search
    │   ├── PreconditionFailed    the file is another version than the request names
    │   ├── TooLarge          the body exceeds its size limit
    │   ├── TooLong           the URL exceeds its length limit
    │   ├── TooOften          the caller exceeds the rate limit, or its limit on open files
    │   └── TooSlow           the body does not arrive in time
    ├── NotFound              no such collection, item or asset
    ├── Refused               a signature that does not match its URL, or has expired
    ├── SearchTooWide         the search used up its calls to M2M before the first match
    ├── Staging               USGS is preparing the file; retry later
    ├── AssetUnavailable      USGS does not deliver this file, and why
    ├── ServerBusy            the server has reached one of its own limits
    ├── NoRoom                the server's disk is full, or the file is too large for it
    ├── MappingInvalid        a file in mappings/ is invalid
    └── UpstreamError         M2M failed
        ├── UpstreamBusy          no turn at the account in time, or USGS rejects more requests for now
        ├── UpstreamUnreachable   no connection, a maintenance page, or errors until the last retry
        ├── UpstreamTimeout       no answer in time
        ├── UpstreamLogin         the account's name or token is rejected, or lacks a role
        └── UpstreamFault         M2M answered with an error that a retry does not fix

The text of each error is one or two sentences that say what to change or when to retry.
``api/errors.py`` maps each kind to an HTTP status. The first clause of each docstring below, up to a semicolon,
is a cell of the table in ``docs/errors.md``.
"""

from __future__ import annotations


class BridgeError(Exception):
    """Root of the tree. ``retry_after`` is in seconds; None if a retry would not help."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BadRequest(BridgeError):
    """The request is invalid; the text says what to change."""


class BadCursor(BadRequest):
    """The paging token is invalid, has expired, or belongs to another search."""


class PreconditionFailed(BadRequest):
    """The file is another version than the request's `If-Match` or `If-Unmodified-Since` names."""


class TooLarge(BadRequest):
    """The body of the request exceeds its size limit."""


class TooLong(BadRequest):
    """The URL of the request exceeds its length limit."""


class TooSlow(BadRequest):
    """The body of the request does not arrive in time."""


class TooOften(BadRequest):
    """The caller exceeds the rate limit, or its limit on open files; retry after ``retry_after`` seconds."""


class NotFound(BridgeError):
    """No such collection, item or asset."""


class Refused(BridgeError):
    """The signature does not match the URL, or has expired."""


class SearchTooWide(BridgeError):
    """The search used up its calls to M2M before the first match; ``token`` continues it, like a page's ``next``."""

    def __init__(self, message: str, *, token: str) -> None:
        super().__init__(message)
        self.token = token


class Staging(BridgeError):
    """USGS is preparing the file; retry after ``retry_after`` seconds."""


class AssetUnavailable(BridgeError):
    """USGS does not deliver this file (no longer, or not yet); the text has its reason."""


class ServerBusy(BridgeError):
    """The server has reached one of its own limits; retry after ``retry_after`` seconds."""


class NoRoom(BridgeError):
    """The file must be stored on the server's disk for a while, and there is no space for it."""


class MappingInvalid(BridgeError):
    """A mapping file is invalid; the text names the file, the row and the closest valid word."""


class UpstreamError(BridgeError):
    """M2M failed. ``code`` is M2M's errorCode, if it sent one."""

    def __init__(self, message: str, *, code: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.code = code


class UpstreamBusy(UpstreamError):
    """The request did not get a turn at the M2M account in time, or USGS rejects more requests for now."""


class UpstreamUnreachable(UpstreamError):
    """No connection to M2M, a maintenance page instead of JSON, or errors until the last retry."""


class UpstreamTimeout(UpstreamError):
    """M2M did not answer in time."""


class UpstreamLogin(UpstreamError):
    """M2M rejects the account's name or token, or the account lacks the role for the request."""


class UpstreamFault(UpstreamError):
    """M2M answered with an error that a retry does not fix."""


NO_ANSWER = (UpstreamBusy, UpstreamTimeout, UpstreamUnreachable)
"""Errors that do not show whether M2M has what was requested: for the moment, there is no answer."""
