"""``stac-bridge sandbox``: the pretend M2M alone."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from stac_bridge.cli.garbage import collect_rarely
from stac_bridge.cli.leaving import UNASKABLE, note
from stac_bridge.errors import BadRequest
from stac_bridge.extras import require_extra

__all__ = ["sandbox"]


def sandbox(
    host: Annotated[str, typer.Option(help="Address to bind; only this machine reaches the default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to bind.")] = 8001,
    faults: Annotated[
        bool, typer.Option("--faults", help="Let whoever reaches the sandbox ask for faults at /__sandbox/faults.")
    ] = False,
    latency: Annotated[float, typer.Option(min=0, help="Seconds that every answer of the API takes at least.")] = 0,
    staging_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds for which a file is prepared before it can be fetched.")
    ] = 2,
    key_lifetime: Annotated[float, typer.Option(min=0, help="Seconds that a key lives after its last use.")] = 7200,
    url_lifetime: Annotated[float, typer.Option(min=0, help="Seconds for which a signed URL is good.")] = 3600,
) -> None:
    """Serve a pretend M2M, to try any M2M client on. Its scenes and pictures are computed; no account is needed.

    ACCOUNTS. Any username logs in (login-token) with any token but "wrong". Usernames that start with "search" may
    search but not download. An account is served one request at a time, as M2M serves it: a second one is refused
    with HTTP 500 and RATE_LIMIT.

    ADDRESSES. The API is at /api/api/json/stable/; download URLs point at the same host and port. For stac-bridge
    set STAC_BRIDGE_M2M_URL to it, and STAC_BRIDGE_DOWNLOAD_HOSTS to the host.

    FAULTS. With --faults, POST a JSON object such as {"kind": "latency", "seconds": 3} to /__sandbox/faults; GET
    lists the faults that stand and how often they struck, DELETE ends them. Kinds: latency, maintenance, reset, cut,
    hang, error, keys-lost, drift, lying-total, astray (of the API); disabled, staging, unavailable (of downloads);
    down, expires, no-head, no-range, chunked, endless, redirect, login-page, slow (of the download hosts).
    docs/sandbox.md shows each of them.
    """
    import uvicorn

    try:
        require_extra("sandbox", "The sandbox")
    except BadRequest as missing:
        note(str(missing))
        raise typer.Exit(UNASKABLE) from None
    from stac_bridge.sandbox import create_sandbox

    logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(message)s")
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
    typer.echo(f"The sandbox's M2M is at {address}/api/api/json/stable/ (STAC_BRIDGE_M2M_URL for stac-bridge).")
    pretend = create_sandbox(
        base_url=address,
        api_latency=latency,
        key_lifetime=key_lifetime,
        url_lifetime=url_lifetime,
        staging_seconds=staging_seconds,
        faults=faults,
    )
    collect_rarely()
    uvicorn.run(pretend, host=host, port=port, proxy_headers=False)
