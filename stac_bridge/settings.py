"""Server settings, read from the STAC_BRIDGE_* environment variables.

Only ``cli`` and ``api`` import this module; the other packages get plain values.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field, HttpUrl, IPvAnyNetwork, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

M2M_STABLE = "https://m2m.cr.usgs.gov/api/api/json/stable/"
"""URL of M2M's stable version [REFERENCE §1]."""

USGS_HOSTS = ("landsatlook.usgs.gov", "dds.cr.usgs.gov", "ims.cr.usgs.gov")
"""HostAllowList that M2M's download URLs point to [REFERENCE §8]."""


class Delivery(StrEnum):
    """How the bytes of an asset reach its reader."""

    auto = "auto"
    redirect = "redirect"
    stream = "stream"


class LogForm(StrEnum):
    """Format of the log."""

    text = "text"
    json = "json"


class LogLevel(StrEnum):
    """Lowest level of the records in the log."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


_WordList = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """All settings of a server, from the environment variables ``STAC_BRIDGE_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="STAC_BRIDGE_", env_ignore_empty=True, extra="ignore", frozen=True)

    m2m_url: HttpUrl = Field(HttpUrl(M2M_STABLE), description="URL of the M2M service.")
    m2m_username: str = Field("", description="Username of the M2M account; empty: use the embedded sandbox.")
    m2m_token: SecretStr = Field(SecretStr(""), description="Application token of the M2M account.")
    m2m_timeout: float = Field(
        60,
        gt=0,
        description="Timeout of one M2M request, in seconds; our own responses take at most three times this.",
    )
    queue: int = Field(
        500, ge=1, description="Maximum number of requests queued for the M2M account; further ones get a 503."
    )
    signing_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Comma-separated keys for hrefs: the first signs, all verify; empty: generate one and store it.",
    )
    public_url: HttpUrl | None = Field(
        None, description="URL at which clients reach the server; empty: the URL of each request."
    )
    store: str = Field(
        "memory://",
        description="Where workers share their cache and the M2M account: memory:// (one process), or the redis://, "
        "rediss:// or unix:// URL of a Redis or Valkey.",
    )
    catalogs: _WordList = Field(
        ("EE",), description="Comma-separated M2M catalog groups to serve; disaster events are in HDDS."
    )
    download_hosts: _WordList = Field(
        USGS_HOSTS,
        description="Comma-separated host names that downloads may come from, on any port; "
        "plain http and loopback addresses only for names that you list here.",
    )
    mappings: Path | None = Field(None, description="A folder of mapping files that override the shipped ones.")
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("stac-bridge"),
        description="Folder for the cached catalog, the signing key and spooled files.",
    )
    delivery: Delivery = Field(
        Delivery.auto,
        description="auto: redirect to USGS if its host supports Range, stream to browsers; redirect; stream.",
    )
    href_lifetime: int = Field(7 * 86400, ge=3600, description="Minimum lifetime of a signed href, in seconds.")
    cache_ttl: int = Field(60, ge=0, description="Seconds for which an M2M response to a search or Item is reused.")
    stale_ttl: int = Field(
        86400,
        ge=0,
        description="Seconds past its TTL for which an M2M response is still served while M2M is down; 0: never.",
    )
    url_ttl: int = Field(900, ge=1, description="Seconds for which a USGS download URL is reused.")
    staging_wait: float = Field(
        4.5,
        ge=0,
        le=60,
        description="Seconds that a request waits for a file that USGS is preparing, before it gets a 503; 0: it does "
        "not wait.",
    )
    """Less than 5 s, the read timeout that httpx has by default: no widely used HTTP client has a shorter one."""
    spool_bytes: int = Field(
        10 * 2**30,
        ge=2**20,
        description="Maximum disk space for files from hosts without Range, in bytes; the oldest are removed first.",
    )
    catalog_ttl: int = Field(
        86400, ge=60, description="Seconds until the cached catalog is refreshed in the background."
    )
    notices_ttl: int = Field(
        3600, ge=0, description="Seconds until USGS's notices are refreshed in the background; 0: never request them."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="Comma-separated addresses or networks of the proxies whose X-Forwarded-For, -Proto and -Host, "
        "or Forwarded, headers are trusted.",
    )
    rate: int = Field(
        0,
        ge=0,
        description="Requests per minute from one address, assets excluded; 0: no limit. Counted per worker.",
    )
    max_body: int = Field(2 * 2**20, ge=1024, description="Maximum size of a request body, in bytes.")
    max_sign_body: int = Field(
        64 * 2**20,
        ge=1024,
        description="Maximum size of a body sent to `/sign`, in bytes; a thousand Landsat Items are 30 MB.",
    )
    max_url: int = Field(
        32_768,
        ge=1024,
        le=60_000,
        description="Maximum length of a URL without `token`, in bytes; the server itself stops at 65,535.",
    )
    max_vertices: int = Field(
        10_000, ge=4, description="Maximum number of vertices in `intersects` and in the geometries of a filter."
    )
    max_filter: int = Field(262_144, ge=64, description="Maximum size of `filter` and `query` as JSON, in bytes.")
    max_depth: int = Field(64, ge=8, le=100, description="Maximum nesting depth of a filter.")
    max_ids: int = Field(1000, ge=1, description="Maximum number of ids in a search.")
    max_collections: int = Field(100, ge=1, description="Maximum number of collections in a search.")
    basemap: str = Field(
        "",
        description="Base map of the browser: an XYZ tile URL template and, after a space, its attribution; "
        "empty: an outline of the world served by this server.",
    )
    max_items: int = Field(1000, ge=1, le=50_000, description="Maximum number of Items on one page.")
    max_streams: int = Field(
        200, ge=1, description="Maximum number of files that one worker sends at once; further readers get a 503."
    )
    max_streams_per_caller: int = Field(
        50, ge=1, description="Maximum number of files that one worker sends to one address at once; then a 429."
    )
    max_connections: int = Field(
        1000,
        ge=10,
        description="Maximum number of connections of one worker; beyond it, the one that is idle longest is closed.",
    )
    metrics: bool = Field(True, description="Whether /_mgmt/metrics serves metrics for Prometheus.")
    log: LogForm = Field(
        LogForm.text, description="Format of the log. text: lines for people; json: one object per line."
    )
    log_level: LogLevel = Field(LogLevel.info, description="Lowest level in the log: debug, info, warning or error.")
    api: HttpUrl | None = Field(
        None,
        description="URL of the server for commands such as search and download; empty: they start their own.",
    )

    @field_validator("catalogs", "download_hosts", "signing_keys", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @property
    def deadline(self) -> float:
        """Seconds one of our responses may take: a little under three M2M timeouts.

        The margin keeps the whole response, errors too, within the three timeouts that ``m2m_timeout`` promises.
        """
        return 3 * self.m2m_timeout - min(1.0, 0.2 * self.m2m_timeout)

    @property
    def embeds_sandbox(self) -> bool:
        """Whether no M2M service or account is configured, so that the embedded sandbox answers."""
        return not self.m2m_username and "m2m_url" not in self.model_fields_set
