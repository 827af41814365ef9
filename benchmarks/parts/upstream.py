"""A download host with one large computed file, in its own process; it honors ranges, except below /tape.

It does as little as a server can: its speed is the reference for what the bridge adds.
"""

from __future__ import annotations

import asyncio
import functools
import re
import sys

__all__ = ["serve"]

_BLOCK = bytes(range(256)) * 1024
_RANGE = re.compile(rb"\r\nrange: bytes=(\d+)-(\d*)", re.IGNORECASE)


async def _connection(size: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await _respond(size, await reader.readuntil(b"\r\n\r\n"), writer)
    except (ConnectionError, asyncio.IncompleteReadError):
        writer.close()


async def _respond(size: int, request: bytes, writer: asyncio.StreamWriter) -> None:
    """Answer one request of a connection that stays open."""
    part = None if request.startswith(b"GET /tape") else _RANGE.search(request)
    start = int(part[1]) if part else 0
    stop = int(part[2]) + 1 if part and part[2] else size
    head = f"HTTP/1.1 {'206 Partial Content' if part else '200 OK'}\r\nContent-Length: {stop - start}\r\n"
    if part:
        head += f"Content-Range: bytes {start}-{stop - 1}/{size}\r\n"
    writer.write(f'{head}Content-Type: image/tiff\r\nETag: "one"\r\n\r\n'.encode())
    while start < stop and not request.startswith(b"HEAD"):
        offset = start % 256
        block = memoryview(_BLOCK)[offset : min(len(_BLOCK), offset + stop - start)]
        writer.write(block)
        await writer.drain()
        start += len(block)


def serve(port: int, size: int) -> None:
    """Serve a file of ``size`` bytes until the process ends."""

    async def forever() -> None:
        server = await asyncio.start_server(functools.partial(_connection, size), "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(forever())


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
