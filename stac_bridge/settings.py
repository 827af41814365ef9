"""STAC_BRIDGE_* variables → Settings. Read by ``cli`` and ``api`` only; everything else is handed values."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field, HttpUrl, IPvAnyNetwork, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = ["M2M_STABLE", "USGS_HOSTS", "Delivery", "LogForm", "LogLevel", "Settings"]

M2M_STABLE = "https://m2m.cr.usgs.gov/api/api/json/stable/"
"""The service's stable address [REFERENCE §1]."""

USGS_HOSTS = ("landsatlook.usgs.gov", "dds.cr.usgs.gov")
"""The hosts that M2M's download URLs point at [REFERENCE §8]."""


class Delivery(StrEnum):
    """How an asset's bytes reach the reader."""

    auto = "auto"
    redirect = "redirect"
    stream = "stream"


class LogForm(StrEnum):
    """How the log is written."""

    text = "text"
    json = "json"


class LogLevel(StrEnum):
    """From which on records stand in the log."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


_Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """All settings of a server, from the environment variables ``STAC_BRIDGE_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="STAC_BRIDGE_", env_ignore_empty=True, extra="ignore", frozen=True)

    m2m_url: HttpUrl = Field(HttpUrl(M2M_STABLE), description="Address of the M2M service.")
    m2m_username: str = Field("", description="Name of the M2M account; empty: the embedded sandbox serves.")
    m2m_token: SecretStr = Field(SecretStr(""), description="Application token of the M2M account.")
    m2m_timeout: float = Field(
        60,
        gt=0,
        description="Seconds that one M2M answer may take; an answer of ours takes at most three times this.",
    )
    queue: int = Field(
        500, ge=1, description="Most requests that may wait for the M2M account; who comes then is sent away with 503."
    )
    signing_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Comma-separated keys for hrefs: the first signs, all verify; empty: one is made and kept.",
    )
    public_url: HttpUrl | None = Field(
        None, description="Address under which readers reach the server; empty: the address they asked."
    )
    store: str = Field(
        "memory://",
        description="Where workers share what they know: memory:// (one process), or redis://, rediss:// or unix:// "
        "of a Redis or Valkey.",
    )
    catalogs: _Words = Field(("EE",), description="Comma-separated M2M catalog groups to serve.")
    download_hosts: _Words = Field(
        USGS_HOSTS,
        description="Comma-separated host names that downloads may come from, on any port; "
        "http and loopback only for names listed here by you.",
    )
    mappings: Path | None = Field(None, description="A folder of mapping files laid over the shipped ones.")
    data_dir: Path = Field(
        default_factory=lambda: user_data_path("stac-bridge"),
        description="Folder for the kept catalogue, the signing key and spooled files.",
    )
    delivery: Delivery = Field(
        Delivery.auto,
        description="auto: redirect to USGS where it does Range, stream to browsers; redirect; stream.",
    )
    href_lifetime: int = Field(7 * 86400, ge=3600, description="Seconds that a signed href is good for, at least.")
    cache_ttl: int = Field(60, ge=0, description="Seconds that an M2M answer to a search or item is reused.")
    stale_ttl: int = Field(
        86400,
        ge=0,
        description="Seconds past its time that an M2M answer is still given while M2M does not answer; 0: never.",
    )
    url_ttl: int = Field(900, ge=1, description="Seconds that a minted USGS download URL is reused.")
    spool_bytes: int = Field(
        10 * 2**30, ge=2**20, description="Most bytes of disk for files of hosts without Range; the oldest go first."
    )
    catalog_ttl: int = Field(
        86400, ge=60, description="Seconds until the kept catalogue is refreshed in the background."
    )
    notices_ttl: int = Field(
        3600, ge=0, description="Seconds until USGS's notices are asked for again, in the background; 0: never."
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="Comma-separated addresses or networks of proxies whose X-Forwarded-For, -Proto and -Host, "
        "or Forwarded, are believed.",
    )
    rate: int = Field(
        0, ge=0, description="Requests a minute from one address, assets apart; 0: as many as come. In each worker."
    )
    max_body: int = Field(2 * 2**20, ge=1024, description="Most bytes of a body.")
    max_sign_body: int = Field(
        64 * 2**20, ge=1024, description="Most bytes of a body to `/sign`; a thousand Landsat Items are 30 MB."
    )
    max_url: int = Field(
        32_768, ge=1024, le=60_000, description="Most bytes of an address; the server itself ends at 65,535."
    )
    max_vertices: int = Field(10_000, ge=4, description="Most vertices of `intersects`, and of a filter's geometries.")
    max_filter: int = Field(262_144, ge=64, description="Most bytes of `filter` and `query` as JSON.")
    max_depth: int = Field(64, ge=8, le=100, description="Most levels of nesting of a filter.")
    max_ids: int = Field(1000, ge=1, description="Most ids of a search.")
    max_collections: int = Field(100, ge=1, description="Most collections that a search may name.")
    basemap: str = Field(
        "",
        description="Base map of the browser: an XYZ template of tiles and, after a space, whose they are; "
        "empty: an outline of the world that is served from here.",
    )
    max_items: int = Field(1000, ge=1, le=50_000, description="Most Items on one page.")
    metrics: bool = Field(True, description="Whether /_mgmt/metrics tells Prometheus what was counted.")
    log: LogForm = Field(LogForm.text, description="text: lines for people; json: one object a line.")
    log_level: LogLevel = Field(LogLevel.info, description="What the log tells: debug, info, warning or error.")
    api: HttpUrl | None = Field(
        None,
        description="Address of the server that search, download and their like ask; empty: they serve themselves.",
    )

    @field_validator("catalogs", "download_hosts", "signing_keys", "trusted_proxies", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @property
    def deadline(self) -> float:
        """Seconds that an answer of ours may take: a little less than three times what one of M2M's may."""
        return 3 * self.m2m_timeout - min(1.0, 0.2 * self.m2m_timeout)

    @property
    def embeds_sandbox(self) -> bool:
        """Whether nothing names an M2M service or account, so that the embedded sandbox serves."""
        return not self.m2m_username and "m2m_url" not in self.model_fields_set
