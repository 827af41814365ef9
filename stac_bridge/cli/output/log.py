"""Formats the log as text lines or JSON objects, and removes secrets from it."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from stac_bridge.request_context import request_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import SecretStr

    from stac_bridge.settings import Settings

_LEVELS = {
    "httpx": logging.WARNING,  # INFO has the URL of every request to M2M
    "httpcore": logging.WARNING,  # DEBUG has response headers, with the signed URLs of redirects
    "stac_fastapi.types.config": logging.ERROR,  # warns about missing environment variables; the values are set in code
    "uvicorn.access": logging.WARNING,  # stac_bridge.access logs more, and no signatures
}
"""Minimum levels of libraries' loggers."""

REMOVED = "[removed]"

MIN_SECRET = 6
"""Minimum length of a secret to search for literally; a shorter one would match parts of ordinary words."""

_RULES = (
    # The query of a URL may contain a signature, a key or a token; host and path stay readable.
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s\"'<>?#]*)\?[^\s\"'<>)\]]+", re.IGNORECASE), rf"\1?{REMOVED}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@\"']+@", re.IGNORECASE), rf"\1{REMOVED}@"),
    # M2M's keys, USGS's signatures and the URLs at dds are JSON objects in base64 [REFERENCE §8].
    (re.compile(r"\beyJ[A-Za-z0-9+/_%-]{12,}={0,2}"), REMOVED),
    (re.compile(r"(\b(?:requestSignature|contactId)\b[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"), rf"\1{REMOVED}"),
    (
        re.compile(
            r"(\b(?:x-auth-token|authorization|cookie|set-cookie)\b[\"']?\s*[,:=]\s*(?:b(?=[\"']))?[\"']?(?:(?:bearer|basic)\s+)?)"
            r"[^\s\"',}\]]+",
            re.IGNORECASE,
        ),
        rf"\1{REMOVED}",
    ),
    (
        re.compile(
            r"(\b(?:m2m_)?(?:token|password|secret|api_?key|signature|signing_keys?)\b[\"']?\s*[=:]\s*b?[\"']?)"
            r"(?!SecretStr|None\b|\[removed)[^\s\"'&,}\])]+",
            re.IGNORECASE,
        ),
        rf"\1{REMOVED}",
    ),
    # An href without scheme and host, as in "GET /collections/…?e=…&x=…&s=… HTTP/1.1".
    (re.compile(r"([?&]s=)[A-Za-z0-9_-]{24}\b"), rf"\1{REMOVED}"),
)
"""Patterns of secrets, each with its replacement. Applied to every line, including those of libraries."""


class Redactor:
    """Removes secrets from text: the known ones, and everything that looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known = sorted((secret for secret in secrets if len(secret) >= MIN_SECRET), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Returns the text without secrets."""
        for secret in self._known:
            text = text.replace(secret, REMOVED)
        for pattern, replacement in _RULES:
            text = pattern.sub(replacement, text)
        return text


class TextFormatter(logging.Formatter):
    """Lines in uvicorn's style, with the request id at the end."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(levelname)s:     %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Formats the record with its traceback."""
        name = request_id.get()
        return self._redact(super().format(record)) + (f" [{name}]" if name else "")


class JsonFormatter(logging.Formatter):
    """One object per line: time, level, logger, message, then the record's own fields, request_id and traceback."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Formats the record with its traceback."""
        document: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
            **self._fields(record),
        }
        return orjson.dumps(
            document, default=lambda value: self._redact(str(value)), option=orjson.OPT_NON_STR_KEYS
        ).decode()

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        fields: dict[str, Any] = self._clean(getattr(record, "fields", {}))
        if name := request_id.get():
            fields["request_id"] = name
        if record.exc_info:
            fields["traceback"] = self._redact(self.formatException(record.exc_info))
        return fields

    def _clean(self, value: Any) -> Any:
        """The value without secrets at any depth."""
        if isinstance(value, dict):
            return {name: self._clean(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(inner) for inner in value]
        return self._redact(value) if isinstance(value, str) else value


def log_to_stderr(settings: Settings) -> None:
    """Sends all logging of this process to stderr, in the format and from the level of the settings, redacted."""
    redact = Redactor(secrets_of(settings))
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(redact) if settings.log == "json" else TextFormatter(redact))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    quiet_libraries()


def quiet_libraries() -> None:
    """Raises the levels of libraries that log secrets or noise."""
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level)


def secrets_of(settings: Settings) -> list[str]:
    """The secrets in the settings, including the password in the store's URL."""
    values: list[SecretStr] = [settings.m2m_token, *settings.signing_keys]
    user_info = settings.store.rpartition("@")[0].rpartition("/")[2]
    return [*(value.get_secret_value() for value in values), user_info.partition(":")[2]]
