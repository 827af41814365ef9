"""The scheme, host and base path of URLs: those of ``STAC_BRIDGE_PUBLIC_URL``, else those of the request."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from stac_bridge.api.middleware.client_address import HOST


class PublicAddress:
    """Rewrites requests as if clients had sent them to ``public_url`` directly.

    This server and the framework build all URLs from the request, including redirects of trailing slashes. After the
    rewrite, no client's Host header reaches a link, a Location or a page. If ``public_url`` is None, a Host that is no
    host name is removed, and URLs have the address at which the server was reached.
    """

    def __init__(self, app: ASGIApp, public_url: str | None) -> None:
        self._app = app
        self._address = urlsplit(public_url) if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            self._rewrite(scope)
        await self._app(scope, receive, send)

    def _rewrite(self, scope: Scope) -> None:
        """Change the scope in place, because the access log reads the route that the router adds to this scope."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        others = [pair for pair in scope["headers"] if pair[0] != b"host"]
        if self._address:
            prefix = self._address.path.rstrip("/")
            scope["scheme"] = self._address.scheme
            scope["headers"] = [(b"host", self._address.netloc.encode()), *others]
            # The proxy removes the prefix, but ASGI has it in both; ``raw_path``, which is signed, stays without it.
            scope["root_path"] = prefix
            scope["path"] = prefix + scope["path"]
        elif len(hosts) != 1 or not HOST.fullmatch(hosts[0].decode("latin-1")):
            server = scope.get("server")
            # A server on a socket has a path and no port.
            scope["headers"] = others if server and server[1] else [(b"host", b"localhost"), *others]
