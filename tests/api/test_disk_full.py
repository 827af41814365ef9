"""The disk is full: what can be said without it is said, what cannot is told, and nothing half-written stays."""

from __future__ import annotations

import contextlib
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import running

LANDSAT, AERIAL = "landsat_ot_c2_l2", "aerial_combin"
FRAME = "d197_aerial_photo_single_frame_medium_resolution_download"
LITTLE = 1024
"""Bytes that a file may have."""

Full = Callable[[Path], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def no_long_files(_folder: Path) -> Iterator[None]:
    """No file of this process grows past a little: writing more is an OSError, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LITTLE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """A disk of its own that something else has filled; it has room when the block ends."""
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("NOT ALLOWED TO MOUNT: a disk that is really full was not tried")
    filler = folder / "filler"
    try:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        yield
        filler.unlink(missing_ok=True)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(params=[no_long_files, full_disk], ids=lambda full: full.__name__)
def full(request: pytest.FixtureRequest) -> Full:
    found: Full = request.param
    return found


async def test_without_room_for_the_catalogue_the_server_serves_and_says_so(
    tmp_path: Path, full: Full, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with full(data):
        async with running(data) as here:
            assert (await here.get("/collections")).status_code == 200
            assert (await here.get("/search", collections=LANDSAT, limit=1)).status_code == 200
            assert [path for path in data.rglob("*catalog*") if path.is_file()] == []
        assert "could not be saved" in caplog.text


async def test_a_file_without_room_is_told_and_there_when_there_is_room_again(tmp_path: Path, full: Full) -> None:
    data = tmp_path / "data"
    data.mkdir()
    async with running(tmp_path / "kept", staging_seconds=0) as here:
        (item,) = (await here.get("/search", collections=AERIAL, limit=1)).json()["features"]
        href = item["assets"][FRAME]["href"]
        whole = (await here.client.get(href)).raise_for_status().content
    assert len(whole) > 100 * LITTLE
    async with contextlib.AsyncExitStack() as room:
        with full(data):
            here = await room.enter_async_context(running(data, staging_seconds=0))
            answer = await here.client.get(href)
            assert answer.status_code == 503, answer.content[:200]
            assert answer.headers["content-type"] == "application/problem+json"
            assert "STAC_BRIDGE_SPOOL_BYTES" in answer.json()["detail"]
            assert int(answer.headers["retry-after"]) > 0
            assert list(data.rglob("*.part")) == []
            (data / "filler").unlink(missing_ok=True)
            if full is full_disk:
                assert (await here.client.get(href)).content == whole
        if full is no_long_files:
            assert (await here.client.get(href)).content == whole
