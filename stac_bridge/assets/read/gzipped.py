"""The file inside a gzip: its source, and its bytes."""

from __future__ import annotations

import mimetypes
import zlib
from collections.abc import AsyncGenerator
from dataclasses import replace

from stac_bridge.assets.read.probe import Source
from stac_bridge.errors import AssetUnavailable

MAX_STEP_BYTES = 2**18
"""Maximum number of bytes that are unpacked at a time; a few bytes of a gzip can hold a thousand times as many."""

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
"""Makes zlib expect the header of a gzip."""

_UNPACKED_SUFFIX = ".tif"


def unpacked(source: Source, filename: str) -> Source:
    """Return the source of a file by its name: the file inside, if the host has a gzip of a ``.tif``.

    Scans of film and aerial photographs are some of them TIFFs, and some gzips of a TIFF [REFERENCE §15].
    """
    if not source.is_gzip or not filename.casefold().endswith(_UNPACKED_SUFFIX):
        return source
    return replace(
        source,
        name=f"{source.name} unpacked",
        size=None,
        ranges=False,
        media_type=mimetypes.guess_type(filename)[0] or source.media_type,
        etag=f'{source.etag[:-1]}.unpacked"' if source.etag else None,
        filename=filename,
        is_gzip=False,
        packed=source,
    )


async def unpacked_chunks(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the bytes inside a gzip, or inside several gzips one after another.

    Raises AssetUnavailable if it is broken, and what ``chunks`` raises.
    """
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        async for chunk in chunks:
            packed = chunk
            while packed:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP_WINDOW)
                data = unpacker.decompress(packed, MAX_STEP_BYTES)
                packed = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                if data:
                    yield data
                if not packed and len(data) == MAX_STEP_BYTES and (rest := unpacker.decompress(b"", MAX_STEP_BYTES)):
                    yield rest
    except zlib.error:
        raise _broken_gzip() from None
    finally:
        await chunks.aclose()
    if not unpacker.eof:
        raise _broken_gzip()


def _broken_gzip() -> AssetUnavailable:
    return AssetUnavailable("USGS has this file in a gzip that is broken; read the gzip instead.")
