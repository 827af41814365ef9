"""A download host of one large computed file, as a process of its own: it serves parts, and on /tape it does not.

It does as little as a server can: what it takes is the measure of what the bridge adds.
"""

from __future__ import annotations

import asyncio
import functools
import re
import sys

__all__ = ["serve"]

_BLOCK = bytes(range(256)) * 1024
_RANGE = re.compile(rb"\r\nrange: bytes=(\d+)-(\d*)", re.IGNORECASE)


async def _answer(size: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await _one(size, await reader.readuntil(b"\r\n\r\n"), writer)
    except (ConnectionError, asyncio.IncompleteReadError):
        writer.close()


async def _one(size: int, asked: bytes, writer: asyncio.StreamWriter) -> None:
    """One answer of a connection that stays open."""
    found = None if asked.startswith(b"GET /tape") else _RANGE.search(asked)
    start = int(found[1]) if found else 0
    stop = int(found[2]) + 1 if found and found[2] else size
    said = f"HTTP/1.1 {'206 Partial Content' if found else '200 OK'}\r\nContent-Length: {stop - start}\r\n"
    if found:
        said += f"Content-Range: bytes {start}-{stop - 1}/{size}\r\n"
    writer.write(f'{said}Content-Type: image/tiff\r\nETag: "one"\r\n\r\n'.encode())
    while start < stop and not asked.startswith(b"HEAD"):
        begin = start % 256
        part = memoryview(_BLOCK)[begin : min(len(_BLOCK), begin + stop - start)]
        writer.write(part)
        await writer.drain()
        start += len(part)


def serve(port: int, size: int) -> None:
    """Serve a file of so many bytes until the process ends."""

    async def forever() -> None:
        server = await asyncio.start_server(functools.partial(_answer, size), "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(forever())


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
