"""A spooled file that the disk has changed, cut off or lost is fetched again, and no reader gets its bytes."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from stac_bridge.assets import Source, Streamer
from stac_bridge.assets.read.reader import Renew
from stac_bridge.assets.spool.arriving import ArrivingFile
from stac_bridge.assets.spool.digests import BLOCK_BYTES, BlockDigests, data_size, read_verified, size_on_disk
from stac_bridge.errors import NoRoom
from tests.unit.assets.read.upstream_host import Host, body, never

SIZES = (0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES + 777)


def flip_a_bit(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def overwrite(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    start = chance.randrange(len(data))
    data[start : start + 4096] = bytes(len(data[start : start + 4096]))
    path.write_bytes(data)


def cut_off(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size))


def fill_with_zeros(path: Path, _chance: random.Random) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def append(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes() + chance.randbytes(100))


def strip_digests(path: Path, _chance: random.Random) -> None:
    """Leave what versions without digests wrote."""
    with path.open("rb") as file:
        size = data_size(file)
    assert size is not None
    os.truncate(path, size)


def remove(path: Path, _chance: random.Random) -> None:
    path.unlink()


DAMAGES = (flip_a_bit, overwrite, cut_off, fill_with_zeros, append, strip_digests, remove)


async def stored(folder: Path, streamer: Streamer) -> Path:
    """Return the one file in the spool, when it has its name."""
    await asyncio.gather(*streamer._spool._tasks)
    (path,) = folder.iterdir()
    return path


async def check(folder: Path, seed: int, damage: Callable[[Path, random.Random], None]) -> None:
    chance = random.Random(seed)
    data = chance.randbytes(chance.choice(SIZES))
    host = Host(data, ranges=False, reports_size=chance.random() < 0.5)
    streamer, source = host.streamer(folder), host.source()
    assert await body(await streamer.open(source, None, None, never)) == data
    path = await stored(folder, streamer)
    assert path.stat().st_size == size_on_disk(len(data))
    damage(path, chance)
    for _ in range(3):
        start = chance.randrange(len(data) + 1)
        part = await streamer.open(source, f"bytes={start}-{start + chance.randrange(len(data) + 1)}", None, never)
        if part.status == 206:
            stop = int(part.headers["Content-Range"].partition("-")[2].partition("/")[0]) + 1
            assert await body(part) == data[start:stop]
    whole = await streamer.open(source, None, None, never)
    assert (whole.status, await body(whole)) == (200, data)
    assert len(host.requests) <= 2
    assert (await stored(folder, streamer)).stat().st_size == size_on_disk(len(data))


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_readers_get_the_file_whatever_became_of_it_on_the_disk(
    tmp_path: Path, damage: Callable[[Path, random.Random], None]
) -> None:
    for seed in range(4):
        (tmp_path / str(seed)).mkdir()
        await check(tmp_path / str(seed), seed, damage)


@pytest.mark.long
async def test_readers_get_the_file_after_a_hundred_damages(tmp_path: Path) -> None:
    for seed in range(100):
        (tmp_path / str(seed)).mkdir()
        await check(tmp_path / str(seed), seed, DAMAGES[seed % len(DAMAGES)])


async def test_damage_in_the_middle_of_a_stream_is_repaired_without_a_wrong_or_a_repeated_byte(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = random.Random(1).randbytes(3 * BLOCK_BYTES)
    host = Host(data, ranges=False)
    streamer = host.streamer(tmp_path)
    await body(await streamer.open(host.source(), None, None, never))
    path = await stored(tmp_path, streamer)
    reading = await streamer.open(host.source(), None, None, never)
    first = await anext(reading.chunks)
    with path.open("r+b") as file:
        file.seek(2 * BLOCK_BYTES)
        file.write(b"damaged")
    with caplog.at_level(logging.WARNING):
        assert first + await body(reading) == data
    assert len(host.requests) == 2
    assert [record.message for record in caplog.records] == ["A spooled file is damaged or gone, and is fetched again."]


async def test_a_disk_that_damages_each_file_ends_in_an_error(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(3000)
    host = Host(data, ranges=False)
    streamer = host.streamer(tmp_path)
    await body(await streamer.open(host.source(), None, None, never))
    path = await stored(tmp_path, streamer)
    fetch = streamer._spool.file

    async def fetch_and_damage(source: Source, renew: Renew) -> ArrivingFile:
        await fetch(source, renew)
        flip_a_bit(await stored(tmp_path, streamer), random.Random(2))
        return ArrivingFile.complete(path, len(data))

    streamer._spool.file = fetch_and_damage  # type: ignore[method-assign]
    with pytest.raises(NoRoom, match="damages"):
        await body(await streamer.open(host.source(), None, None, never))


@pytest.mark.parametrize("size", SIZES)
def test_a_block_is_read_with_its_digest(tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    digests, path = BlockDigests(), tmp_path / "file"
    for start in range(0, size, 100_003):
        digests.update(data[start : start + 100_003])
    path.write_bytes(data + digests.trailer())
    with path.open("rb") as file:
        assert data_size(file) == size
        for start in range(0, size, 50_021):
            part = read_verified(file, size, range(start, size))
            assert part == data[start : start + len(part)]
            assert part
