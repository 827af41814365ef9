"""The spool stays within its maximum, leaves nothing behind, and is shared by readers and processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from stac_bridge.assets import ReadTimeouts, Source
from stac_bridge.assets.spool import spool
from stac_bridge.assets.spool.digests import size_on_disk
from stac_bridge.assets.spool.disk_cache import DiskCache, mark_in_use
from stac_bridge.errors import NoRoom, Staging, UpstreamError, UpstreamFault, UpstreamUnreachable
from tests.unit.assets.read.upstream_host import Host, Renewal, body, never

DATA = bytes(range(256)) * 40
SIZE = len(DATA)


@pytest.fixture(params=[True, False], ids=["size known", "size unknown"])
def tape(request: pytest.FixtureRequest) -> Host:
    return Host(DATA, ranges=False, reports_size=request.param)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def numbered(host: Host, number: int) -> Source:
    return Source(f"file {number}", "https://host/x", SIZE if host.reports_size else None, False, "t", etag=host.etag)


class Slow(httpx.AsyncByteStream):
    """The first bytes, then nothing until ``resume`` is set."""

    def __init__(self, resume: asyncio.Event, first: int = 5000, rest: bytes = DATA[5000:]) -> None:
        self._resume, self._first, self._rest = resume, first, rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield DATA[: self._first]
        await self._resume.wait()
        yield self._rest


def slowly(host: Host, resume: asyncio.Event, **more: object) -> None:
    host.responses[len(host.requests)] = lambda _request: httpx.Response(200, stream=Slow(resume, **more))  # type: ignore[arg-type]


async def test_a_file_of_unknown_size_is_streamed_without_a_length_and_has_one_afterwards(tmp_path: Path) -> None:
    host = Host(DATA, ranges=False, reports_size=False)
    streamer, source = host.streamer(tmp_path), host.source()
    first = await streamer.open(source, None, None, never)
    assert ("Content-Length" in first.headers, await body(first)) == (False, DATA)
    later = await streamer.open(source, "bytes=-10", None, never)
    assert (later.headers["Content-Range"], await body(later)) == (f"bytes {SIZE - 10}-{SIZE - 1}/{SIZE}", DATA[-10:])
    assert (await streamer.head(source, never))["Content-Length"] == str(SIZE)
    assert len(host.requests) == 1


async def test_a_range_of_a_file_of_unknown_size_waits_for_the_end(tmp_path: Path) -> None:
    host, resume = Host(DATA, ranges=False, reports_size=False), asyncio.Event()
    slowly(host, resume)
    waiting = asyncio.create_task(host.streamer(tmp_path).open(host.source(), "bytes=0-9", None, never))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    resume.set()
    assert await body(await waiting) == DATA[:10]


async def test_a_range_of_a_file_of_unknown_size_is_staging_after_the_timeout(tmp_path: Path) -> None:
    host, resume = Host(DATA, ranges=False, reports_size=False), asyncio.Event()
    slowly(host, resume)
    streamer = host.streamer(tmp_path, timeouts=ReadTimeouts(arrival_timeout=0.02))
    with pytest.raises(Staging, match="unknown number") as error:
        await streamer.open(host.source(), "bytes=0-9", None, never)
    assert error.value.retry_after
    resume.set()
    whole = await streamer.open(host.source(), None, None, never)
    assert await body(whole) == DATA


async def test_readers_during_the_fetch_all_get_the_whole_file(tmp_path: Path, tape: Host) -> None:
    resume = asyncio.Event()
    slowly(tape, resume)
    streamer = tape.streamer(tmp_path)
    readers = [asyncio.create_task(body(await streamer.open(tape.source(), None, None, never))) for _ in range(5)]
    await asyncio.sleep(0.05)
    resume.set()
    assert set(await asyncio.gather(*readers)) == {DATA}
    assert len(tape.requests) == 1


async def test_a_reader_who_disconnects_does_not_end_the_fetch(tmp_path: Path, tape: Host) -> None:
    resume = asyncio.Event()
    slowly(tape, resume)
    streamer = tape.streamer(tmp_path)
    gone = await streamer.open(tape.source(), None, None, never)
    await anext(gone.chunks)
    stays = await streamer.open(tape.source(), None, None, never)
    await gone.aclose()
    resume.set()
    assert await body(stays) == DATA


async def test_a_file_that_ends_too_early_fails_all_its_readers_and_is_removed(tmp_path: Path, tape: Host) -> None:
    tape.cuts = [5000] * 9
    streamer = tape.streamer(tmp_path)
    readers = [await streamer.open(tape.source(), None, None, never) for _ in range(3)]
    for reader in readers:
        with pytest.raises(UpstreamUnreachable):
            await body(reader)
    assert names(tmp_path) == []


async def test_after_a_failure_the_next_reader_starts_a_new_fetch(tmp_path: Path, tape: Host) -> None:
    tape.cuts = [0, 0, 0]
    streamer = tape.streamer(tmp_path)
    with pytest.raises(UpstreamUnreachable):
        await streamer.open(tape.source(), None, None, never)
    assert await body(await streamer.open(tape.source(), None, None, never)) == DATA


async def test_a_file_without_validators_is_not_resumed(tmp_path: Path) -> None:
    host = Host(DATA, ranges=False, reports_size=False, etag=None, cuts=[5000])
    response = await host.streamer(tmp_path).open(host.source(), None, None, never)
    with pytest.raises(UpstreamUnreachable):
        await body(response)
    assert len(host.requests) == 1


async def test_the_least_recently_read_files_are_removed_first(tmp_path: Path, tape: Host) -> None:
    streamer = tape.streamer(tmp_path, 3 * SIZE + SIZE // 2)
    for number in (0, 1, 2, 0, 3):
        await body(await streamer.open(numbered(tape, number), None, None, never))
        await asyncio.sleep(0.02)
    requests = len(tape.requests)
    assert requests == 4
    for number in (0, 2, 3):
        await body(await streamer.open(numbered(tape, number), None, None, never))
    assert len(tape.requests) == requests
    await body(await streamer.open(numbered(tape, 1), None, None, never))
    assert len(tape.requests) == requests + 1


async def test_files_in_use_stay_and_a_reader_without_room_gets_an_error(tmp_path: Path) -> None:
    host, resume = Host(DATA, ranges=False), asyncio.Event()
    streamer = host.streamer(tmp_path, 2 * size_on_disk(SIZE))
    await body(await streamer.open(numbered(host, 0), None, None, never))
    read = await streamer.open(numbered(host, 0), None, None, never)
    await anext(read.chunks)
    slowly(host, resume)
    arrives = await streamer.open(numbered(host, 1), None, None, never)
    with pytest.raises(NoRoom, match="STAC_BRIDGE_SPOOL_BYTES") as error:
        await streamer.open(numbered(host, 2), None, None, never)
    assert error.value.retry_after
    await read.aclose()
    assert await body(await streamer.open(numbered(host, 2), None, None, never)) == DATA
    resume.set()
    assert await body(arrives) == DATA


async def test_the_folder_never_exceeds_its_maximum(tmp_path: Path, tape: Host) -> None:
    limit, largest = 3 * SIZE, 0
    streamer = tape.streamer(tmp_path, limit)

    async def read(number: int) -> None:
        nonlocal largest
        response = await streamer.open(numbered(tape, number), None, None, never)
        async for _chunk in response.chunks:
            with suppress(FileNotFoundError):  # removed while being counted
                largest = max(largest, sum(path.stat().st_size for path in tmp_path.glob("*")))

    for number in range(6):
        await asyncio.gather(read(number), read(number), read(number))
        await asyncio.sleep(0.01)
    assert 0 < largest <= limit


async def test_a_file_larger_than_the_maximum_is_an_error_and_not_fetched_to_its_end(
    tmp_path: Path, tape: Host
) -> None:
    with pytest.raises(NoRoom, match="larger than"):
        await body(await tape.streamer(tmp_path, SIZE // 2).open(tape.source(), None, None, never))
    assert tape.sent <= SIZE // 2 + 1000
    assert names(tmp_path) == []


async def test_an_endless_body_is_cut_off(tmp_path: Path) -> None:
    sent = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 1000
                yield bytes(1000)

    for reports_size in (True, False):
        host = Host(DATA, ranges=False, reports_size=reports_size)
        host.responses = dict.fromkeys(range(9), lambda _request: httpx.Response(200, stream=Endless()))
        source = host.source()
        with pytest.raises((UpstreamError, NoRoom)):
            await body(await host.streamer(tmp_path, 10 * SIZE).open(source, None, None, Renewal(source, source)))
    assert sent < 15 * SIZE
    assert names(tmp_path) == []


class Full(DiskCache):
    """A folder on a disk that is full."""

    def create_part(self, name: str) -> tuple[Path, BinaryIO]:
        path, file = super().create_part(name)
        file.close()
        return path, open("/dev/full", "wb")


async def test_a_full_disk_is_an_error_that_names_the_setting_and_leaves_nothing(tmp_path: Path, tape: Host) -> None:
    own_spool = spool.Spool(tmp_path, tape.http)
    own_spool._cache = Full(tmp_path, 2**30)
    arrives = await own_spool.file(tape.source(), never)
    with pytest.raises(NoRoom, match=r"No space left.*STAC_BRIDGE_SPOOL_BYTES") as error:
        await arrives.wait_for(SIZE - 1)
    assert error.value.retry_after
    assert str(tmp_path) not in str(error.value)
    assert names(tmp_path) == []


@dataclass
class Disk:
    """A disk of ``total`` bytes, of which others have taken ``taken``."""

    total: int
    taken: int = 0

    def __call__(self, folder: Path) -> Disk:
        self.folder = folder
        return self

    @property
    def free(self) -> int:
        return self.total - self.taken - sum(path.stat().st_size for path in self.folder.iterdir())


async def test_without_free_disk_space_a_fetch_does_not_begin(tmp_path: Path, tape: Host) -> None:
    own_spool = spool.Spool(tmp_path, tape.http)
    disk = Disk(10**9)
    own_spool._cache = DiskCache(tmp_path, 2**30, disk)
    disk.taken = disk.total - disk.total // 20 - SIZE // 2
    arrives = await own_spool.file(tape.source(), never)
    with pytest.raises(NoRoom, match=r"disk has no room.*STAC_BRIDGE_SPOOL_BYTES") as error:
        await arrives.wait_for(0)
    assert error.value.retry_after
    if tape.reports_size:
        assert tape.requests == []
    assert names(tmp_path) == []
    disk.taken = 0
    arrives = await own_spool.file(tape.source(), never)
    await arrives.wait_for(SIZE - 1)


def test_the_disk_always_keeps_its_spare_room_and_the_oldest_files_go_first(tmp_path: Path) -> None:
    chance = random.Random(22)
    disk = Disk(1_000_000)
    cache = DiskCache(tmp_path, 2**30, disk)
    read: list[str] = []
    for number in range(300):
        disk.taken = chance.randrange(disk.total)
        needed = chance.randrange(200_000)
        fits = disk.total - disk.taken - disk.total // 20 >= needed
        try:
            cache.make_room(needed)
        except NoRoom:
            assert not fits
            continue
        assert fits
        assert disk.free - needed >= disk.total // 20 or needed == 0
        left = [name for name in read if (tmp_path / name).exists()]
        assert left == read[len(read) - len(left) :]
        (tmp_path / str(number)).write_bytes(bytes(needed))
        os.utime(tmp_path / str(number), (number, number))
        read = [*left, str(number)]


async def test_odd_things_in_the_folder_are_left_alone(tmp_path: Path, tape: Host) -> None:
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "odd.part").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    own_spool = spool.Spool(tmp_path, tape.http, 2 * size_on_disk(SIZE))
    await own_spool.start()
    for number in range(3):
        arrives = await own_spool.file(numbered(tape, number), never)
        await arrives.wait_for(SIZE - 1)
        await asyncio.gather(*own_spool._tasks)


async def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path, tape: Host) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(NoRoom):
        await tape.streamer(tmp_path / "file").open(tape.source(), None, None, never)


async def test_a_cached_file_of_the_wrong_size_is_fetched_again(tmp_path: Path) -> None:
    host = Host(DATA, ranges=False)
    await body(await host.streamer(tmp_path).open(host.source(), None, None, never))
    (tmp_path / names(tmp_path)[0]).write_bytes(b"cut")
    assert await body(await host.streamer(tmp_path).open(host.source(), None, None, never)) == DATA


async def test_stopping_cancels_fetches_and_leaves_nothing(tmp_path: Path, tape: Host) -> None:
    own_spool = spool.Spool(tmp_path, tape.http)
    slowly(tape, asyncio.Event())
    arrives = await own_spool.file(tape.source(), never)
    await arrives.wait_for(0)
    await own_spool.stop()
    assert names(tmp_path) == []
    with pytest.raises(NoRoom, match="stopped"):
        await arrives.wait_for(SIZE - 1)


async def test_two_spools_of_one_folder_do_not_disturb_each_other(tmp_path: Path, tape: Host) -> None:
    resume = asyncio.Event()
    slowly(tape, resume)
    first = await tape.streamer(tmp_path).open(tape.source(), None, None, never)
    other = spool.Spool(tmp_path, tape.http)
    await other.start()
    slowly(tape, resume)
    second = await tape.streamer(tmp_path).open(tape.source(), None, None, never)
    assert len(names(tmp_path)) == 2
    resume.set()
    assert (await body(first), await body(second)) == (DATA, DATA)
    await asyncio.sleep(0.05)
    assert len(names(tmp_path)) == 1
    assert await body(await tape.streamer(tmp_path).open(tape.source(), None, None, never)) == DATA
    assert len(tape.requests) == 2


def _die_while_writing(folder: Path, begun: multiprocessing.synchronize.Event) -> None:
    _path, file = DiskCache(folder, SIZE).create_part("a")
    file.write(DATA)
    file.flush()
    begun.set()
    signal.pause()


@pytest.mark.slow
def test_parts_of_dead_processes_are_removed_and_parts_of_living_ones_stay(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    process = context.Process(target=_die_while_writing, args=(tmp_path, begun))
    process.start()
    assert begun.wait(30)
    shelf = DiskCache(tmp_path, SIZE)
    shelf.remove_abandoned_parts()
    assert len(names(tmp_path)) == 1
    with pytest.raises(NoRoom):
        shelf.make_room(1)
    process.kill()
    process.join()
    shelf.remove_abandoned_parts()
    assert names(tmp_path) == []


def test_a_missing_folder_needs_no_cleanup(tmp_path: Path) -> None:
    DiskCache(tmp_path / "none", 1).remove_abandoned_parts()


def test_a_file_in_use_stays_until_it_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    shelf = DiskCache(tmp_path, SIZE)
    with mark_in_use((tmp_path / "a").open("rb")), pytest.raises(NoRoom):
        shelf.make_room(1)
    shelf.make_room(1)
    assert names(tmp_path) == []


async def test_a_login_page_is_not_cached(tmp_path: Path, tape: Host) -> None:
    page = lambda _request: httpx.Response(200, content=b"<html>", headers={"Content-Type": "text/html"})  # noqa: E731
    tape.responses = {0: page, 1: page}
    with pytest.raises(UpstreamFault, match="not the file"):
        await tape.streamer(tmp_path).open(tape.source(), None, None, Renewal(tape.source()))
    assert names(tmp_path) == []
