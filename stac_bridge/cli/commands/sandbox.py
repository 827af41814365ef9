"""``stac-bridge sandbox``: runs the simulated M2M on its own."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from stac_bridge.cli.exit_codes import USAGE, note
from stac_bridge.cli.garbage_collection import tune_garbage_collection
from stac_bridge.errors import BadRequest
from stac_bridge.extras import require_extra

EMBEDDED_ORIGIN = "http://sandbox.invalid"
"""Origin of a sandbox inside this process, which is reached without a network."""

EMBEDDED_M2M_URL = f"{EMBEDDED_ORIGIN}/api/api/json/stable/"


def sandbox(
    host: Annotated[
        str, typer.Option(help="Address to bind; the default is only reachable from this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to bind.")] = 8001,
    faults: Annotated[
        bool, typer.Option("--faults", help="Let all clients configure faults at /__sandbox/faults.")
    ] = False,
    latency: Annotated[float, typer.Option(min=0, help="Minimum duration of every API response, in seconds.")] = 0,
    staging_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds to prepare a file before it can be downloaded.")
    ] = 2,
    key_lifetime: Annotated[float, typer.Option(min=0, help="Seconds a key is valid after its last use.")] = 7200,
    url_lifetime: Annotated[float, typer.Option(min=0, help="Seconds a signed URL is valid.")] = 3600,
) -> None:
    """Run a simulated M2M for testing M2M clients. Its scenes and pictures are computed; no account is needed.

    ACCOUNTS. Any username can log in (login-token) with any token except "wrong". Usernames that start with "search"
    may search but not download. As in M2M, each account may send one request at a time: a concurrent one is rejected
    with HTTP 500 and RATE_LIMIT.

    ADDRESSES. The API is at /api/api/json/stable/; download URLs have the same host and port. To use it with
    stac-bridge, set STAC_BRIDGE_M2M_URL to its address and STAC_BRIDGE_DOWNLOAD_HOSTS to its host.

    FAULTS. With --faults, POST a JSON object such as {"kind": "latency", "seconds": 3} to /__sandbox/faults; GET
    lists the active faults and how often they occurred, DELETE removes them. Kinds: latency, maintenance, reset, cut,
    hang, error, keys-lost, drift, lying-total, astray (of the API); disabled, staging, unavailable (of downloads);
    down, expires, no-head, no-range, chunked, endless, redirect, login-page, slow (of the download hosts).
    docs/sandbox.md describes each of them.
    """
    import uvicorn

    try:
        require_extra("sandbox", "The sandbox")
    except BadRequest as error:
        note(str(error))
        raise typer.Exit(USAGE) from None
    from m2m_sandbox import create_sandbox

    logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(message)s")
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
    typer.echo(f"The sandbox's M2M is at {address}/api/api/json/stable/ (STAC_BRIDGE_M2M_URL for stac-bridge).")
    app = create_sandbox(
        base_url=address,
        api_latency=latency,
        key_lifetime=key_lifetime,
        url_lifetime=url_lifetime,
        staging_seconds=staging_seconds,
        faults=faults,
    )
    tune_garbage_collection()
    uvicorn.run(app, host=host, port=port, proxy_headers=False)
