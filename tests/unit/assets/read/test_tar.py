"""The files of a tar are found by its headers, and read as ranges of it."""

from __future__ import annotations

import asyncio
import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from stac_bridge.assets import HostAllowList, ReadTimeouts, Source, Spool, Streamer, TarReader
from stac_bridge.assets.read.liveness import LivenessCheck
from stac_bridge.assets.read.tar import BLOCK_BYTES, MAX_INDEX_BYTES
from stac_bridge.errors import AssetUnavailable, NotFound, Staging, UpstreamFault
from stac_bridge.store import Store
from tests.unit.assets.read.upstream_host import QUICK, Host, Renewal, body, never

BANDS = {f"LC08_B{band}.TIF": bytes([band]) * 200_000 for band in range(1, 8)}
FILES = {"LC08_MTL.xml": b"<?xml version='1.0'?>" * 9, **BANDS, "LC08_ANG.txt": b"angles"}
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def tar(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT, **more: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = len(data), more
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


class Bundle:
    """A bundle at a host, and what reads it."""

    def __init__(
        self,
        data: bytes,
        folder: Path,
        ranges: bool = True,
        reports_size: bool = True,
        timeouts: ReadTimeouts = QUICK,
        **more: int,
    ) -> None:
        self.host = Host(data, ranges=ranges, reports_size=reports_size)
        self.whole = self.host.source(media_type="application/x-tar", last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
        http, store = self.host.http, Store()
        spool = Spool(folder, http, timeouts=timeouts)
        self.archive = TarReader(http, spool, store, timeouts, **more)
        self.streamer = Streamer(http, spool, LivenessCheck(http, HostAllowList(["host"]), store), timeouts)

    async def read(self, name: str, range_header: str | None = None) -> bytes:
        member = await self.archive.member(self.whole, name)
        return await body(await self.streamer.open(member, range_header, None, never))


@pytest.fixture(params=[(True, True), (False, True), (False, False)], ids=["Range", "no Range", "no length"])
def bundle_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[bytes], Bundle]:
    return lambda data: Bundle(data, tmp_path, *request.param)


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
async def test_every_member_has_its_own_bytes(bundle_of: Callable[[bytes], Bundle], form: int) -> None:
    bundle = bundle_of(tar(FILES, form))
    for name, data in FILES.items():
        assert await bundle.read(name) == data


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["gnu", "pax"])
async def test_long_names_and_headers_of_many_blocks_are_read(bundle_of: Callable[[bytes], Bundle], form: int) -> None:
    long = "x" * 300 + ".TIF"
    more = {"comment": "y" * 3 * BLOCK_BYTES} if form == tarfile.PAX_FORMAT else {}
    bundle = bundle_of(tar({f"{'folder/' * 50}{long}": b"long", "b.TIF": b"short"}, form, **more))
    assert (await bundle.read(long), await bundle.read("b.TIF")) == (b"long", b"short")


async def test_a_member_costs_the_headers_and_itself_and_the_next_one_only_itself(tmp_path: Path) -> None:
    bundle = Bundle(tar(FILES), tmp_path)
    await bundle.archive.member(bundle.whole, "LC08_B4.TIF")
    headers = bundle.host.sent
    assert headers <= (len(FILES) + 1) * BLOCK_BYTES < len(bundle.host.data) / 8
    assert await bundle.read("LC08_B4.TIF") == BANDS["LC08_B4.TIF"]
    assert await bundle.read("LC08_B5.TIF") == BANDS["LC08_B5.TIF"]
    assert bundle.host.sent == headers + 2 * 200_000


async def test_concurrent_requests_for_members_read_the_headers_once(tmp_path: Path) -> None:
    bundle = Bundle(tar(FILES), tmp_path)
    await asyncio.gather(*(bundle.archive.member(bundle.whole, name) for name in FILES))
    assert bundle.host.sent <= (len(FILES) + 1) * BLOCK_BYTES


async def test_a_member_has_its_own_headers_and_ranges(bundle_of: Callable[[bytes], Bundle]) -> None:
    bundle = bundle_of(tar(FILES))
    member = await bundle.archive.member(bundle.whole, "LC08_B4.TIF")
    part = await bundle.streamer.open(member, "bytes=100-299", None, never)
    assert await body(part) == BANDS["LC08_B4.TIF"][100:300]
    assert part.headers["Content-Range"] == "bytes 100-299/200000"
    assert part.headers["Content-Type"] == "image/tiff"
    assert part.headers["Content-Disposition"] == 'attachment; filename="LC08_B4.TIF"'
    other = await bundle.archive.member(bundle.whole, "LC08_B5.TIF")
    assert len({bundle.whole.etag, member.etag, other.etag}) == 3
    assert await bundle.read("LC08_B4.TIF", "bytes=-5") == BANDS["LC08_B4.TIF"][-5:]
    past = await bundle.streamer.open(member, "bytes=200000-", None, never)
    assert (past.status, past.headers["Content-Range"]) == (416, "bytes */200000")


async def test_a_member_is_resumed_in_a_renewed_bundle(tmp_path: Path) -> None:
    bundle = Bundle(tar(FILES), tmp_path)
    member = await bundle.archive.member(bundle.whole, "LC08_B4.TIF")
    fresh = await bundle.archive.member(bundle.host.source("new", media_type="application/x-tar"), "LC08_B4.TIF")
    bundle.host.cuts, bundle.host.dead = [70_000], set()
    response = await bundle.streamer.open(member, None, None, renewal := Renewal(fresh))
    bundle.host.dead = {"file"}
    assert await body(response) == BANDS["LC08_B4.TIF"]
    assert renewal.stale == [member]


class Half(httpx.AsyncByteStream):
    """Half a bundle, then nothing until ``resume`` is set."""

    def __init__(self, data: bytes, resume: asyncio.Event) -> None:
        self._data, self._resume = data, resume

    async def __aiter__(self):  # type: ignore[no-untyped-def]
        yield self._data[: len(self._data) // 2]
        await self._resume.wait()
        yield self._data[len(self._data) // 2 :]


@pytest.mark.parametrize("reports_size", [True, False], ids=["its size is known", "its size is not known"])
async def test_a_member_is_readable_when_its_bytes_have_arrived(tmp_path: Path, reports_size: bool) -> None:
    bundle, resume = Bundle(tar(FILES), tmp_path, ranges=False, reports_size=reports_size), asyncio.Event()
    bundle.host.responses = {0: lambda _request: httpx.Response(200, stream=Half(bundle.host.data, resume))}
    assert await bundle.read("LC08_B2.TIF") == BANDS["LC08_B2.TIF"]
    later = asyncio.create_task(bundle.read("LC08_B7.TIF"))
    await asyncio.sleep(0.05)
    assert not later.done()
    resume.set()
    assert await later == BANDS["LC08_B7.TIF"]
    assert len(bundle.host.requests) == 1


async def test_a_member_that_does_not_arrive_in_time_is_staging(tmp_path: Path) -> None:
    bundle = Bundle(tar(FILES), tmp_path, ranges=False, timeouts=ReadTimeouts(arrival_timeout=0.05))
    bundle.host.responses = {0: lambda _request: httpx.Response(200, stream=Half(bundle.host.data, asyncio.Event()))}
    with pytest.raises(Staging):
        await bundle.read("LC08_B7.TIF")


def linked(name: str, kind: bytes, target: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        tar({"../a.TIF": b"1"}),
        tar({"x/../../a.TIF": b"1"}),
        tar({"/etc/a.TIF": b"1"}),
        linked("a.TIF", tarfile.SYMTYPE, "/etc/passwd"),
        linked("a.TIF", tarfile.LNKTYPE, "b.TIF"),
        linked("a.TIF", tarfile.CHRTYPE, ""),
        linked("a.TIF", tarfile.FIFOTYPE, ""),
        linked("a.TIF", tarfile.DIRTYPE, ""),
        tar({"b.TIF": b"1"}),
        tar({}),
    ],
    ids=["..", "inner ..", "absolute", "symlink", "hard link", "device", "fifo", "folder", "another", "empty"],
)
async def test_only_regular_files_inside_the_archive_are_found(
    bundle_of: Callable[[bytes], Bundle], data: bytes
) -> None:
    with pytest.raises(NotFound, match=r"a\.TIF"):
        await bundle_of(data).read("a.TIF")


@pytest.mark.parametrize("name", ["../LC08_B1.TIF", "x/LC08_B1.TIF", "", ".", "..", "lc08_b1.tif"])
async def test_a_member_is_found_by_its_exact_name_only(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        await Bundle(tar(FILES), tmp_path).read(name)


def claiming(size: int) -> bytes:
    """A header that says its file is larger than the archive."""
    info = tarfile.TarInfo("a.TIF")
    info.size = size
    return info.tobuf() + bytes(2048)


BROKEN = {
    "packed": gzip.compress(tar(FILES)),
    "noise": bytes(range(1, 256)) * 400,
    "a page": b"<html>Sign in</html>" + b" " * 5000,
    "cut in a file": tar(FILES)[:300_000],
    "cut in a header": tar(FILES)[:100],
    "a header that claims too much": claiming(10**6),
    "a header that claims a million million": claiming(10**12),
    "an endless header": tar({"a" * 3_000_000: b""}, tarfile.GNU_FORMAT),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
async def test_an_invalid_or_truncated_tar_is_an_error(tmp_path: Path, data: bytes) -> None:
    bundle = Bundle(data, tmp_path)
    with pytest.raises((AssetUnavailable, UpstreamFault)):
        await bundle.read("no such file")
    assert bundle.host.sent < 2_000_000


async def test_an_archive_of_too_many_files_is_an_error(tmp_path: Path) -> None:
    bundle = Bundle(tar({f"{number}.TIF": b"" for number in range(30)}), tmp_path, max_members=20)
    with pytest.raises(AssetUnavailable, match="more than 20"):
        await bundle.read("x")


async def test_an_archive_of_huge_headers_is_an_error_before_much_of_it_is_read(tmp_path: Path) -> None:
    name = "n" * 400_000
    bundle = Bundle(tar({f"{number}{name}": b"" for number in range(100)}), tmp_path)
    with pytest.raises(AssetUnavailable, match="headers are too large"):
        await bundle.read("a.txt")
    assert bundle.host.sent <= MAX_INDEX_BYTES + 2**20


async def test_another_version_of_the_bundle_has_its_own_index(tmp_path: Path) -> None:
    bundle = Bundle(tar({"a.TIF": b"old"}), tmp_path)
    assert await bundle.read("a.TIF") == b"old"
    bundle.host.data, bundle.host.etag = tar({"b.TIF": b"first", "a.TIF": b"newer"}), '"2"'
    bundle.whole = bundle.host.source()
    assert await bundle.read("a.TIF") == b"newer"


def test_a_member_has_the_archive_as_its_file() -> None:
    whole = Source("n", "u", 10, True, "t")
    assert whole.file is whole
    assert Source("n", "u", 1, True, "t", part=range(1, 2), whole=whole).file is whole
