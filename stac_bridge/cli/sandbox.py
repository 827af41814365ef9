"""``stac-bridge sandbox``: the pretend M2M alone."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

__all__ = ["sandbox"]


def sandbox(
    host: Annotated[str, typer.Option(help="Address to bind; only this machine reaches the default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to bind.")] = 8001,
) -> None:
    """Serve a pretend M2M, to try any M2M client on.

    It takes any username with any token but "wrong" (usernames that start with "search" may search but not
    download), serves one request of an account at a time as M2M does, and computes its scenes and pictures.
    """
    import uvicorn

    from stac_bridge.sandbox import create_sandbox

    logging.basicConfig(level=logging.INFO, format="%(levelname)s:     %(message)s")
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
    typer.echo(f"The sandbox's M2M is at {address}/api/api/json/stable/ (STAC_BRIDGE_M2M_URL for stac-bridge).")
    uvicorn.run(create_sandbox(base_url=address), host=host, port=port, proxy_headers=False)
