"""The spool: within its bound, nothing left behind, served while it arrives, shared by readers and processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from stac_bridge.assets import ReadTimeouts, Source
from stac_bridge.assets.spool import spool
from stac_bridge.assets.spool.disk_cache import DiskCache, mark_in_use
from stac_bridge.errors import NoRoom, Staging, UpstreamError, UpstreamFault, UpstreamUnreachable
from tests.unit.assets.upstream_host import Host, Renewal, body, never

DATA = bytes(range(256)) * 40
SIZE = len(DATA)


@pytest.fixture(params=[True, False], ids=["size known", "size unknown"])
def tape(request: pytest.FixtureRequest) -> Host:
    return Host(DATA, ranges=False, told=request.param)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def numbered(host: Host, number: int) -> Source:
    return Source(f"file {number}", "https://host/x", SIZE if host.told else None, False, "t", etag=host.etag)


class Slow(httpx.AsyncByteStream):
    """The first bytes, then nothing until told."""

    def __init__(self, go_on: asyncio.Event, first: int = 5000, rest: bytes = DATA[5000:]) -> None:
        self._go_on, self._first, self._rest = go_on, first, rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield DATA[: self._first]
        await self._go_on.wait()
        yield self._rest


def slowly(host: Host, go_on: asyncio.Event, **more: object) -> None:
    host.says[len(host.asked)] = lambda _request: httpx.Response(200, stream=Slow(go_on, **more))  # type: ignore[arg-type]


async def test_a_file_of_unknown_size_is_streamed_without_a_length_and_has_one_afterwards(tmp_path: Path) -> None:
    host = Host(DATA, ranges=False, told=False)
    streamer, source = host.streamer(tmp_path), host.source()
    first = await streamer.open(source, None, None, never)
    assert ("Content-Length" in first.headers, await body(first)) == (False, DATA)
    later = await streamer.open(source, "bytes=-10", None, never)
    assert (later.headers["Content-Range"], await body(later)) == (f"bytes {SIZE - 10}-{SIZE - 1}/{SIZE}", DATA[-10:])
    assert streamer.head(source)["Content-Length"] == str(SIZE)
    assert len(host.asked) == 1


async def test_a_part_of_a_file_of_unknown_size_is_waited_for_with_patience(tmp_path: Path) -> None:
    host, go_on = Host(DATA, ranges=False, told=False), asyncio.Event()
    slowly(host, go_on)
    waiting = asyncio.create_task(host.streamer(tmp_path).open(host.source(), "bytes=0-9", None, never))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    go_on.set()
    assert await body(await waiting) == DATA[:10]


async def test_a_part_of_a_file_of_unknown_size_is_staged_where_patience_ends(tmp_path: Path) -> None:
    host, go_on = Host(DATA, ranges=False, told=False), asyncio.Event()
    slowly(host, go_on)
    streamer = host.streamer(tmp_path, timeouts=ReadTimeouts(arrival_timeout=0.02))
    with pytest.raises(Staging, match="unknown number") as told:
        await streamer.open(host.source(), "bytes=0-9", None, never)
    assert told.value.retry_after
    go_on.set()
    whole = await streamer.open(host.source(), None, None, never)
    assert await body(whole) == DATA


async def test_readers_who_come_while_it_arrives_all_get_the_whole(tmp_path: Path, tape: Host) -> None:
    go_on = asyncio.Event()
    slowly(tape, go_on)
    streamer = tape.streamer(tmp_path)
    readers = [asyncio.create_task(body(await streamer.open(tape.source(), None, None, never))) for _ in range(5)]
    await asyncio.sleep(0.05)
    go_on.set()
    assert set(await asyncio.gather(*readers)) == {DATA}
    assert len(tape.asked) == 1


async def test_a_reader_who_goes_away_does_not_end_it_for_the_others(tmp_path: Path, tape: Host) -> None:
    go_on = asyncio.Event()
    slowly(tape, go_on)
    streamer = tape.streamer(tmp_path)
    gone = await streamer.open(tape.source(), None, None, never)
    await anext(gone.chunks)
    stays = await streamer.open(tape.source(), None, None, never)
    await gone.aclose()
    go_on.set()
    assert await body(stays) == DATA


async def test_a_file_that_ends_too_early_is_told_to_all_its_readers_and_not_kept(tmp_path: Path, tape: Host) -> None:
    tape.cuts = [5000] * 9
    streamer = tape.streamer(tmp_path)
    readers = [await streamer.open(tape.source(), None, None, never) for _ in range(3)]
    for reader in readers:
        with pytest.raises(UpstreamUnreachable):
            await body(reader)
    assert names(tmp_path) == []


async def test_after_a_failure_the_next_reader_begins_anew(tmp_path: Path, tape: Host) -> None:
    tape.cuts = [0, 0, 0]
    streamer = tape.streamer(tmp_path)
    with pytest.raises(UpstreamUnreachable):
        await streamer.open(tape.source(), None, None, never)
    assert await body(await streamer.open(tape.source(), None, None, never)) == DATA


async def test_what_cannot_be_told_from_another_file_does_not_go_on(tmp_path: Path) -> None:
    host = Host(DATA, ranges=False, told=False, etag=None, cuts=[5000])
    delivered = await host.streamer(tmp_path).open(host.source(), None, None, never)
    with pytest.raises(UpstreamUnreachable):
        await body(delivered)
    assert len(host.asked) == 1


async def test_the_oldest_go_first_and_reading_makes_young(tmp_path: Path, tape: Host) -> None:
    streamer = tape.streamer(tmp_path, 3 * SIZE + SIZE // 2)
    for number in (0, 1, 2, 0, 3):
        await body(await streamer.open(numbered(tape, number), None, None, never))
        await asyncio.sleep(0.02)
    asked = len(tape.asked)
    assert asked == 4
    for number in (0, 2, 3):
        await body(await streamer.open(numbered(tape, number), None, None, never))
    assert len(tape.asked) == asked
    await body(await streamer.open(numbered(tape, 1), None, None, never))
    assert len(tape.asked) == asked + 1


async def test_what_is_being_read_or_arriving_stays_and_who_finds_no_room_is_told(tmp_path: Path) -> None:
    host, go_on = Host(DATA, ranges=False), asyncio.Event()
    streamer = host.streamer(tmp_path, 2 * SIZE)
    await body(await streamer.open(numbered(host, 0), None, None, never))
    read = await streamer.open(numbered(host, 0), None, None, never)
    await anext(read.chunks)
    slowly(host, go_on)
    arrives = await streamer.open(numbered(host, 1), None, None, never)
    with pytest.raises(NoRoom, match="STAC_BRIDGE_SPOOL_BYTES") as told:
        await streamer.open(numbered(host, 2), None, None, never)
    assert told.value.retry_after
    await read.aclose()
    assert await body(await streamer.open(numbered(host, 2), None, None, never)) == DATA
    go_on.set()
    assert await body(arrives) == DATA


async def test_the_disk_is_within_its_bound_at_every_moment(tmp_path: Path, tape: Host) -> None:
    bound, most = 3 * SIZE, 0
    streamer = tape.streamer(tmp_path, bound)

    async def read(number: int) -> None:
        nonlocal most
        delivered = await streamer.open(numbered(tape, number), None, None, never)
        async for _chunk in delivered.chunks:
            with suppress(FileNotFoundError):  # removed while being counted
                most = max(most, sum(path.stat().st_size for path in tmp_path.glob("*")))

    for number in range(6):
        await asyncio.gather(read(number), read(number), read(number))
        await asyncio.sleep(0.01)
    assert 0 < most <= bound


async def test_a_file_larger_than_the_bound_is_told_and_not_fetched_to_its_end(tmp_path: Path, tape: Host) -> None:
    with pytest.raises(NoRoom, match="larger than"):
        await body(await tape.streamer(tmp_path, SIZE // 2).open(tape.source(), None, None, never))
    assert tape.sent <= SIZE // 2 + 1000
    assert names(tmp_path) == []


async def test_an_endless_body_is_ended(tmp_path: Path) -> None:
    sent = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 1000
                yield bytes(1000)

    for told in (True, False):
        host = Host(DATA, ranges=False, told=told)
        host.says = dict.fromkeys(range(9), lambda _request: httpx.Response(200, stream=Endless()))
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


async def test_a_full_disk_is_told_with_what_to_do_and_leaves_nothing(tmp_path: Path, tape: Host) -> None:
    kept = spool.Spool(tmp_path)
    kept._cache = Full(tmp_path, 2**30)
    arrives = await kept.file(tape.source(), tape.http, never)
    with pytest.raises(NoRoom, match=r"No space left.*STAC_BRIDGE_SPOOL_BYTES") as told:
        await arrives.wait_for(SIZE - 1)
    assert told.value.retry_after
    assert str(tmp_path) not in str(told.value)
    assert names(tmp_path) == []


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, tape: Host) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(NoRoom):
        await tape.streamer(tmp_path / "file").open(tape.source(), None, None, never)


async def test_a_file_of_another_size_than_it_should_have_is_fetched_again(tmp_path: Path) -> None:
    host = Host(DATA, ranges=False)
    await body(await host.streamer(tmp_path).open(host.source(), None, None, never))
    (tmp_path / names(tmp_path)[0]).write_bytes(b"cut")
    assert await body(await host.streamer(tmp_path).open(host.source(), None, None, never)) == DATA


async def test_stopping_ends_what_arrives_and_leaves_nothing(tmp_path: Path, tape: Host) -> None:
    kept, http = spool.Spool(tmp_path), tape.http
    slowly(tape, asyncio.Event())
    arrives = await kept.file(tape.source(), http, never)
    await arrives.wait_for(0)
    await kept.stop()
    assert names(tmp_path) == []
    with pytest.raises(NoRoom, match="stopped"):
        await arrives.wait_for(SIZE - 1)


async def test_two_spools_of_one_folder_do_not_disturb_each_other(tmp_path: Path, tape: Host) -> None:
    go_on = asyncio.Event()
    slowly(tape, go_on)
    first = await tape.streamer(tmp_path).open(tape.source(), None, None, never)
    other = spool.Spool(tmp_path)
    await other.start()
    slowly(tape, go_on)
    second = await tape.streamer(tmp_path).open(tape.source(), None, None, never)
    assert len(names(tmp_path)) == 2
    go_on.set()
    assert (await body(first), await body(second)) == (DATA, DATA)
    await asyncio.sleep(0.05)
    assert len(names(tmp_path)) == 1
    assert await body(await tape.streamer(tmp_path).open(tape.source(), None, None, never)) == DATA
    assert len(tape.asked) == 2


def _die_while_writing(folder: Path, begun: multiprocessing.synchronize.Event) -> None:
    _path, file = DiskCache(folder, SIZE).create_part("a")
    file.write(DATA)
    file.flush()
    begun.set()
    signal.pause()


def test_what_a_process_left_that_died_is_cleaned_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
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


def test_a_folder_that_does_not_exist_yet_is_clean(tmp_path: Path) -> None:
    DiskCache(tmp_path / "none", 1).remove_abandoned_parts()


def test_a_file_in_use_stays_until_it_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    shelf = DiskCache(tmp_path, SIZE)
    with mark_in_use((tmp_path / "a").open("rb")), pytest.raises(NoRoom):
        shelf.make_room(1)
    shelf.make_room(1)
    assert names(tmp_path) == []


async def test_a_tape_that_turns_into_a_login_page_is_not_kept(tmp_path: Path, tape: Host) -> None:
    page = lambda _request: httpx.Response(200, content=b"<html>", headers={"Content-Type": "text/html"})  # noqa: E731
    tape.says = {0: page, 1: page}
    with pytest.raises(UpstreamFault, match="not the file"):
        await tape.streamer(tmp_path).open(tape.source(), None, None, Renewal(tape.source()))
    assert names(tmp_path) == []
