"""Compression of everything but assets."""

from __future__ import annotations

from brotli_asgi import BrotliResponder, Mode
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stac_bridge.api.routes.assets import is_asset_request
from stac_bridge.http_headers import read_weights

MIN_BYTES = 500
"""Shorter responses are not compressed."""

# Levels chosen by measurement: a fifth (gzip: a third) of the time for a tenth (gzip: half) more bytes.
BROTLI_QUALITY = 1
GZIP_LEVEL = 3

BROTLI = "br"
GZIP = "gzip"
IDENTITY = "identity"


class CompressPages:
    """Compresses responses with the coding that the client prefers, except those of assets.

    Compressing an asset would break byte ranges, and most files are compressed already. The middleware classes of the
    libraries search Accept-Encoding for a text, so that they compress for ``gzip;q=0``, too; only their responders,
    which do the compressing, are used here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or is_asset_request(scope):
            await self._app(scope, receive, send)
            return

        async def send_with_vary(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                vary = _merge([*headers.getlist("vary"), "Accept-Encoding"])
                del headers["vary"]
                headers["vary"] = vary
                # Two codings of a page differ in their bytes, so a strong tag cannot name both (RFC 9110 §8.8.1).
                if "content-encoding" in headers and headers.get("etag", "W/").startswith('"'):
                    headers["etag"] = f"W/{headers['etag']}"
            await send(message)

        accepted = ",".join(Headers(scope=scope).getlist("accept-encoding"))
        # At least 1, because a response without a body cannot be compressed.
        min_bytes = MIN_BYTES if accepts_identity(accepted) else 1
        await self._compressor(choose_coding(accepted), min_bytes)(scope, receive, send_with_vary)

    def _compressor(self, coding: str, min_bytes: int) -> ASGIApp:
        """Returns the app, or a compressor around it, which serves one request."""
        if coding == BROTLI:
            # 22 and 0 are Brotli's own defaults: the size of its window, and of its blocks by quality
            return _Brotli(self._app, BROTLI_QUALITY, Mode.text, 22, 0, min_bytes)
        return GZipResponder(self._app, min_bytes, GZIP_LEVEL) if coding == GZIP else self._app


class _Brotli(BrotliResponder):
    """The library's responder; like Starlette's, it compresses no parts of files and no pictures."""

    async def send_with_brotli(self, message: Message) -> None:
        """Sends a message of the app, compressed if it should be."""
        await super().send_with_brotli(message)
        if message["type"] == "http.response.start":
            media_type = Headers(raw=message["headers"]).get("content-type", "").partition(";")[0].strip().lower()
            kinds = {media_type, f"{media_type.partition('/')[0]}/*"}
            is_excluded = message["status"] == 206 or not kinds.isdisjoint(DEFAULT_EXCLUDED_CONTENT_TYPES)
            self.content_encoding_set = self.content_encoding_set or is_excluded


def choose_coding(accept_encoding: str) -> str:
    """Which of ``br``, ``gzip`` and ``identity`` has the highest weight in an Accept-Encoding header.

    Brotli wins a tie. If the client excludes all of them, the response is not compressed (RFC 9110 §12.5.3).

    >>> choose_coding("gzip, br"), choose_coding("br;q=0.5, x-gzip"), choose_coding("*"), choose_coding("br;q=0, *")
    ('br', 'gzip', 'br', 'gzip')
    >>> choose_coding("gzip;q=0"), choose_coding("gzip;q=0.5, identity"), choose_coding("notgzip"), choose_coding("")
    ('identity', 'identity', 'identity', 'identity')
    """
    weights = read_weights(accept_encoding)
    if "x-gzip" in weights:
        weights.setdefault(GZIP, weights["x-gzip"])
    wildcard = weights.get("*", 0.0)
    by_coding = {
        BROTLI: weights.get(BROTLI, wildcard),
        GZIP: weights.get(GZIP, wildcard),
        IDENTITY: weights.get(IDENTITY, 0.0),
    }
    best = max(by_coding, key=lambda coding: by_coding[coding])
    return best if by_coding[best] else IDENTITY


def accepts_identity(accept_encoding: str) -> bool:
    """Whether the client accepts a response without a coding: all clients do that do not exclude ``identity``.

    >>> accepts_identity(""), accepts_identity("gzip;q=0"), accepts_identity("*;q=0, identity;q=0.1")
    (True, True, True)
    >>> accepts_identity("gzip, identity;q=0"), accepts_identity("br, *;q=0")
    (False, False)
    """
    weights = read_weights(accept_encoding)
    return weights.get(IDENTITY, weights.get("*", 1.0)) > 0


def _merge(values: list[str]) -> str:
    """The names in several Vary headers, each once."""
    names = (name.strip() for value in values for name in value.split(","))
    return ", ".join({name.lower(): name for name in names if name}.values())
