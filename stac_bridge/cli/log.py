"""How the log is written: lines for people or objects for machines, and never with what opens something."""

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

__all__ = ["AsJson", "AsText", "Redactor", "log_to_stderr", "quieten", "secrets_of"]

_QUIETER = {
    "httpx": logging.WARNING,  # tells every request to M2M, its address included
    "httpcore": logging.WARNING,  # tells the headers of answers, and with them where a redirect leads
    "stac_fastapi.types.config": logging.ERROR,  # wants titles from the environment that are set in code here
    "uvicorn.access": logging.WARNING,  # stac_bridge.access tells more, and no signatures
}

GONE = "[removed]"

_SHORTEST = 6
"""Characters of a secret that is sought as it is: a shorter one is part of many words."""

_RULES = (
    # where a URL leads stays, what opens it goes: a signature, a key, a token in the query
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s\"'<>?#]*)\?[^\s\"'<>)\]]+", re.IGNORECASE), rf"\1?{GONE}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@\"']+@", re.IGNORECASE), rf"\1{GONE}@"),
    # objects in base64, which M2M's keys, USGS's signatures and the addresses at dds are [REFERENCE §8]
    (re.compile(r"\beyJ[A-Za-z0-9+/_%-]{12,}={0,2}"), GONE),
    (re.compile(r"(\b(?:requestSignature|contactId)\b[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"), rf"\1{GONE}"),
    (
        re.compile(
            r"(\b(?:x-auth-token|authorization|cookie|set-cookie)\b[\"']?\s*[,:=]\s*(?:b(?=[\"']))?[\"']?(?:(?:bearer|basic)\s+)?)"
            r"[^\s\"',}\]]+",
            re.IGNORECASE,
        ),
        rf"\1{GONE}",
    ),
    (
        re.compile(
            r"(\b(?:m2m_)?(?:token|password|secret|api_?key|signature|signing_keys?)\b[\"']?\s*[=:]\s*b?[\"']?)"
            r"(?!SecretStr|None\b|\[removed)[^\s\"'&,}\])]+",
            re.IGNORECASE,
        ),
        rf"\1{GONE}",
    ),
    # a query without its address, as in "GET /collections/…?e=…&x=…&s=… HTTP/1.1"
    (re.compile(r"([?&]s=)[A-Za-z0-9_-]{24}\b"), rf"\1{GONE}"),
)
"""What is taken out of every line, whoever wrote it."""


class Redactor:
    """Takes out of a text what opens something: the secrets that are known, and what has the form of one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known = sorted((one for one in secrets if len(one) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for secret in self._known:
            text = text.replace(secret, GONE)
        for pattern, told in _RULES:
            text = pattern.sub(told, text)
        return text


class AsText(logging.Formatter):
    """A line, as uvicorn writes it, with the request's name at its end."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(levelname)s:     %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record, its traceback included."""
        name = request_id.get()
        return self._redact(super().format(record)) + (f" [{name}]" if name else "")


class AsJson(logging.Formatter):
    """One object a line: time, level, logger, message, request_id, then what the record tells beside its words."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record, its traceback included."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
            **self._more(record),
        }
        return orjson.dumps(said, default=lambda one: self._redact(str(one)), option=orjson.OPT_NON_STR_KEYS).decode()

    def _more(self, record: logging.LogRecord) -> dict[str, Any]:
        more: dict[str, Any] = self._clean(getattr(record, "fields", {}))
        if name := request_id.get():
            more["request_id"] = name
        if record.exc_info:
            more["traceback"] = self._redact(self.formatException(record.exc_info))
        return more

    def _clean(self, said: Any) -> Any:
        """The same without secrets, however deep they are in it."""
        if isinstance(said, dict):
            return {name: self._clean(one) for name, one in said.items()}
        if isinstance(said, list | tuple):
            return [self._clean(one) for one in said]
        return self._redact(said) if isinstance(said, str) else said


def log_to_stderr(settings: Settings) -> None:
    """Write the log of all that this process does, from ``log_level`` on, as ``log`` says; what is secret is not."""
    redact = Redactor(secrets_of(settings))
    handler = logging.StreamHandler()
    handler.setFormatter(AsJson(redact) if settings.log == "json" else AsText(redact))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    quieten()


def quieten() -> None:
    """Keep from the log what libraries tell that nobody should read there."""
    for name, level in _QUIETER.items():
        logging.getLogger(name).setLevel(level)


def secrets_of(settings: Settings) -> list[str]:
    """What of the settings nobody may read, and the password in the store's address."""
    kept: list[SecretStr] = [settings.m2m_token, *settings.signing_keys]
    user_info = settings.store.rpartition("@")[0].rpartition("/")[2]
    return [*(one.get_secret_value() for one in kept), user_info.partition(":")[2]]
