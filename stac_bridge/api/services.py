"""Builds everything the routes use from the settings, and starts and stops it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import httpx

from stac_bridge.api.m2m_health import M2MStatus, log_call
from stac_bridge.api.metrics import Metrics
from stac_bridge.assets import (
    DEFAULT_READ_TIMEOUTS,
    HostAllowList,
    LivenessCheck,
    ReadTimeouts,
    Resolver,
    Signer,
    Source,
    Spool,
    StagingWait,
    Streamer,
    StreamLimits,
    TarReader,
    load_keys,
)
from stac_bridge.bridge import Bridge, Notices, SceneReader, StoppedSearches
from stac_bridge.catalog.live import LiveCatalog
from stac_bridge.m2m.breaker import Breaker
from stac_bridge.m2m.calls import Call
from stac_bridge.m2m.client import M2MClient
from stac_bridge.m2m.response_limit import MAX_RESPONSE_BYTES
from stac_bridge.m2m.session import Backoff, build_session
from stac_bridge.m2m.turns import Gate
from stac_bridge.mapping import load_mappings
from stac_bridge.search import Limits
from stac_bridge.settings import Settings
from stac_bridge.store import Store, open_store

# Begins the labels of our download requests in the M2M account.
DOWNLOAD_LABEL = "stac-bridge"


PROBE_CONNECTIONS, SPOOL_CONNECTIONS = 50, 20
"""Connections to the file hosts for checks of URLs and archive headers, and for files on their way into the spool."""

MAX_SCENE_BYTES = 2**15
"""Maximum bytes of a scene with full metadata in M2M's response; a Landsat scene has 16 KB [REFERENCE §4]."""


class Overrides(TypedDict, total=False):
    """Parts that tests and the embedded sandbox replace. Each is optional."""

    transport: httpx.AsyncBaseTransport | None
    """Carries the requests to M2M."""
    download_transport: httpx.AsyncBaseTransport | None
    """Carries the requests to the file hosts."""
    own_origin: str | None
    """An origin that files may come from in addition to STAC_BRIDGE_DOWNLOAD_HOSTS: the embedded sandbox's."""
    keep_in: Path | None
    """Folder for the catalog and the spool of this M2M service. Default: a subfolder of the data folder."""
    backoff: Backoff | None
    """How failed M2M calls are retried."""
    breaker: Breaker | None
    """When M2M is considered down, and for how long no call is made then."""
    patience: ReadTimeouts
    """Timeouts for the file hosts."""
    staging: StagingWait[Source] | None
    """How requests wait for files that USGS is preparing."""


@dataclass(frozen=True)
class Services:
    """The long-lived objects of one server process. Enter ``running`` before using them."""

    settings: Settings
    limits: Limits
    """Maximum sizes of a search."""
    metrics: Metrics
    store: Store
    """The cache; shared by workers if STAC_BRIDGE_STORE names a Redis."""
    http: httpx.AsyncClient
    """For checks of files at their hosts; its connections are not those of streams and the spool."""
    streams: httpx.AsyncClient
    """For the files that readers are reading."""
    spooling: httpx.AsyncClient
    """For files on their way into the spool."""
    m2m: M2MClient
    gate: Gate
    """Queue of the requests to M2M."""
    breaker: Breaker
    """Stops calls while M2M is down."""
    m2m_status: M2MStatus
    """Outcome of the latest M2M calls, for /_mgmt/health."""
    catalog: LiveCatalog
    bridge: Bridge
    signer: Signer
    spool: Spool
    streamer: Streamer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Starts the background work; stops and closes everything in reverse order, whatever fails on the way."""
        async with AsyncExitStack() as stack:
            stack.callback(self.metrics.close)
            stack.push_async_callback(self.store.aclose)
            for client in (self.http, self.streams, self.spooling):
                stack.push_async_callback(client.aclose)
            await self.spool.start()
            stack.push_async_callback(self.spool.stop)
            await self.bridge.start()
            # The bridge also logs out of M2M and closes its client, so it stops first, while the store still answers.
            stack.push_async_callback(self.bridge.stop)
            yield


def build_services(settings: Settings, **overrides: Unpack[Overrides]) -> Services:
    """Builds all services; connects to nothing yet. Raises BridgeError if a setting or a mapping is invalid."""
    patience = overrides.get("patience", DEFAULT_READ_TIMEOUTS)
    m2m_url = str(settings.m2m_url)
    folder = overrides.get("keep_in") or settings.data_dir / _folder_name(m2m_url)
    keys = load_keys([key.get_secret_value() for key in settings.signing_keys], settings.data_dir)
    metrics, m2m_status = Metrics(), M2MStatus()

    account = (m2m_url, settings.m2m_username)
    shared = open_store(settings.store, account=account, secrets=keys, listener=metrics.record_lookup)
    store = shared.store
    gate, breaker = Gate(settings.queue, shared.account_lock), overrides.get("breaker") or Breaker()
    session = build_session(
        m2m_url,
        settings.m2m_username,
        settings.m2m_token.get_secret_value(),
        timeout=settings.m2m_timeout,
        transport=overrides.get("transport"),
        gate=gate,
        breaker=breaker,
        keys=shared.login_key,
        backoff=overrides.get("backoff"),
        listener=_call_all(metrics.record_call, m2m_status.record, log_call),
        max_response=max(MAX_RESPONSE_BYTES, MAX_SCENE_BYTES * settings.max_items),
    )
    m2m = M2MClient(session)

    # A pool for each, so that slow readers and long fetches do not keep others from finding out where a file is.
    http, streams, spooling = (
        httpx.AsyncClient(
            timeout=settings.m2m_timeout,
            transport=overrides.get("download_transport"),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=20),
        )
        for connections in (PROBE_CONNECTIONS, settings.max_streams, SPOOL_CONNECTIONS)
    )
    hosts = _download_hosts(settings, overrides.get("own_origin"))
    spool = Spool(folder / "spool", spooling, settings.spool_bytes, patience)
    resolver = Resolver(
        m2m,
        store,
        http,
        hosts,
        label=DOWNLOAD_LABEL,
        url_ttl=settings.url_ttl,
        archive=TarReader(http, spool, store, patience),
        stale=settings.stale_ttl,
        staging_wait=overrides.get("staging") or StagingWait(settings.staging_wait),
    )
    limits = StreamLimits(settings.max_streams, settings.max_streams_per_caller)
    streamer = Streamer(streams, spool, LivenessCheck(http, hosts, store, patience), patience, limits)

    catalog = LiveCatalog(
        m2m,
        load_mappings(settings.mappings),
        store,
        path=folder / "catalog.json",
        groups=settings.catalogs,
        ttl=settings.catalog_ttl,
        stale=settings.stale_ttl,
    )
    bridge = Bridge(
        m2m,
        catalog,
        SceneReader(m2m, store, settings.cache_ttl, settings.stale_ttl),
        resolver,
        Notices(m2m, store, settings.catalogs, settings.notices_ttl),
        StoppedSearches(store),
        keys=keys,
        deadline=settings.deadline,
        max_collections=settings.max_collections,
        on_search=metrics.record_search,
        # A key shared through the store is in use by other workers.
        logs_out=shared.login_key is None,
    )
    return Services(
        settings=settings,
        limits=_search_limits(settings),
        metrics=metrics,
        store=store,
        http=http,
        streams=streams,
        spooling=spooling,
        m2m=m2m,
        gate=gate,
        breaker=breaker,
        m2m_status=m2m_status,
        catalog=catalog,
        bridge=bridge,
        signer=Signer(keys, settings.href_lifetime),
        spool=spool,
        streamer=streamer,
    )


def _search_limits(settings: Settings) -> Limits:
    return Limits(
        items=settings.max_items,
        ids=settings.max_ids,
        collections=settings.max_collections,
        vertices=settings.max_vertices,
        filter=settings.max_filter,
        depth=settings.max_depth,
    )


def _download_hosts(settings: Settings, own_origin: str | None) -> HostAllowList:
    """The allow-list. HostAllowList that the operator listed may use plain http; the default ones may not."""
    listed = settings.download_hosts if "download_hosts" in settings.model_fields_set else ()
    return HostAllowList(settings.download_hosts, listed, own_origin)


def _folder_name(m2m_url: str) -> str:
    """A name per M2M service, so that files cached from one service are never served for another."""
    return hashlib.sha256(m2m_url.encode()).hexdigest()[:12]


def _call_all(*listeners: Callable[[Call], None]) -> Callable[[Call], None]:
    def on_call(call: Call) -> None:
        for listener in listeners:
            listener(call)

    return on_call
