"""Every reader × everything that goes wrong at USGS: the bytes that were made, or a clear problem. Never a wrong byte.

One sandbox that fails on demand, and a bridge for each way of delivery, over real sockets. Every case reads scenes that
nobody has read before, so nothing is known of them yet.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pystac
import pystac_client
import pytest

from tests import readers
from tests.readers import READERS, Upstream
from tests.serving import started
from tests.support import LONG

LANDSAT, AERIAL = "landsat_ot_c2_l2", "aerial_combin"
FRAME = "d197_aerial_photo_single_frame_medium_resolution_download"
BYTES, AGAIN, THEIRS, WHATEVER = "bytes", "again", "theirs", "whatever"
DELIVERIES = ("stream", "auto")


pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is one of the readers")


@dataclass(frozen=True)
class Case:
    """What goes wrong, and how it ends: in bytes, or in a problem of this status.

    ``redirected`` is how it ends for who is sent to USGS; None is as for who is not. There THEIRS is bytes or a
    refusal of USGS's, and WHATEVER may be a page of USGS's, or what GDAL makes
    of half an answer, for the bridge has no hand in it any more. AGAIN is
    bytes for who comes again often enough, and a problem for who does not.
    """

    name: str
    faults: tuple[dict[str, Any], ...]
    ends: str | int = BYTES
    redirected: str | int | None = None

    def end(self, delivery: str) -> str | int:
        return self.ends if delivery == "stream" or self.redirected is None else self.redirected

    def __str__(self) -> str:
        return self.name


def case(name: str, *faults: dict[str, Any], ends: str | int = BYTES, redirected: str | int | None = None) -> Case:
    return Case(name, faults, ends, redirected)


CLOUD = [
    case("nothing is wrong"),
    case("redirects to another address", {"kind": "redirect"}),
    case("redirects to a stranger", {"kind": "redirect", "to": "http://stranger.invalid/file"}, ends=502),
    case("refuses HEAD", {"kind": "no-head"}),
    case("refuses HEAD as forbidden", {"kind": "no-head", "status": 403}),
    case("ignores Range", {"kind": "no-range"}),
    case("tells no length", {"kind": "chunked"}),
    case("expires every URL after two reads", {"kind": "expires", "reads": 2}, redirected=THEIRS),
    case("cuts twice at byte 900", {"kind": "cut", "at": 900, "on": ["files"], "times": 2}, redirected=WHATEVER),
    case("cuts always before the first byte", {"kind": "cut", "at": 0, "on": ["files"]}, ends=503),
    case("resets twice", {"kind": "reset", "on": ["files"], "times": 2}, redirected=THEIRS),
    case("shows the login page once", {"kind": "login-page", "times": 1}, ends=AGAIN),
    case("shows the login page after a byte", {"kind": "login-page", "skip": 1, "times": 1}, redirected=WHATEVER),
    case("shows the login page always", {"kind": "login-page"}, ends=502),
    case("is down for a moment", {"kind": "down", "times": 2}),
    case("is down for good", {"kind": "down"}, ends=503),
    case("stages for a moment", {"kind": "staging", "seconds": 0.2}, ends=AGAIN),
    case("stages for good", {"kind": "staging", "seconds": None}, ends=503),
    case("is disabled", {"kind": "disabled"}, ends=503),
    case("has the bundle only", {"kind": "unavailable", "on": ["ls_s3", "dds"]}),
    case("has nothing", {"kind": "unavailable"}, ends=404),
    case("points at the machine's own address", {"kind": "astray", "to": "http://169.254.169.254/latest"}, ends=502),
    case("points at a file of ours", {"kind": "astray", "to": "file:///etc/hostname"}, ends=502),
]
"""What hosts that serve parts do."""

WHOLE = ("ignores Range", "tells no length")
"""Where a whole file is fetched before a part of it is read: too long for a band; files from tape are read so below."""

TAPE = [
    case("nothing is wrong"),
    case("redirects to another address", {"kind": "redirect"}),
    case("tells no length", {"kind": "chunked"}),
    case("cuts twice in the middle", {"kind": "cut", "at": 300_000, "on": ["dds"], "skip": 1, "times": 2}),
    case("shows the login page once", {"kind": "login-page", "times": 1}, ends=AGAIN),
    case("shows the login page after a byte", {"kind": "login-page", "skip": 1, "times": 1}),
    case("shows the login page always", {"kind": "login-page"}, ends=502),
    case("is down for a moment", {"kind": "down", "times": 2}),
    case("is down for good", {"kind": "down"}, ends=503),
    case("stages for good", {"kind": "staging", "seconds": None}, ends=503),
    case("is disabled", {"kind": "disabled"}, ends=503),
]
"""What hosts do that stage, and serve no parts: everything comes through the bridge, however it delivers."""


def matrix(cases: list[Case], names: Iterable[str]) -> list[Any]:
    """Case, reader and delivery by turns, so that any two of them meet; all three with all in the long mode.

    `make test` runs one combination for each fault, and all of those without a fault.
    """
    combinations = []
    for place, case in enumerate(cases):
        readers = [name for name in names if case.name not in WHOLE or cases is TAPE or name in ("plain", "curl")]
        turns = [
            (name, delivery)
            for (turn, name), (way, delivery) in product(enumerate(readers), enumerate(DELIVERIES))
            if LONG or (place + turn + way) % 3 == 0
        ]
        for number, (name, delivery) in enumerate(turns):
            is_long = bool(case.faults) and number != place % len(turns)
            combinations.append(pytest.param(case, name, delivery, marks=[pytest.mark.long] if is_long else []))
    return combinations


@dataclass
class World:
    """A sandbox and the bridges over it; ``fresh`` gives Items that nobody has read."""

    upstream: Upstream
    bridges: dict[str, str]
    _left: dict[tuple[str, str], Iterator[pystac.Item]] = field(default_factory=dict)

    def fresh(self, delivery: str, collection: str) -> pystac.Item:
        place = (delivery, collection)
        if place not in self._left:
            client = pystac_client.Client.open(self.bridges[delivery])
            asked: dict[str, Any] = {"datetime": "2024-07-01/2024-07-03", "bbox": (-30, -40, 60, 75)}
            search = client.search(collections=[collection], limit=200, **(asked if collection == LANDSAT else {}))
            self._left[place] = search.items()
        return next(self._left[place])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("readers")
    with started("sandbox", folder, "--faults", "--staging-seconds", "0") as (sandbox, _log):
        settings = {
            "m2m_url": f"{sandbox}/api/api/json/stable/",
            "m2m_token": "a-token",
            "download_hosts": "127.0.0.1",
            "staging_wait": "0",  # the readers are to meet the 503
        }
        with contextlib.ExitStack() as running:
            bridges, logs = {}, []
            for delivery in DELIVERIES:
                place = folder / delivery
                place.mkdir()
                told = {**settings, "m2m_username": f"bridge-{delivery}", "delivery": delivery}
                bridges[delivery], log = running.enter_context(started("serve", place, **told))
                logs.append(log)
            yield World(Upstream(sandbox), bridges)
            for log in logs:
                assert "Traceback" not in log.read_text(), log.read_text()


def holds(case: Case, delivery: str, came: readers.Outcome, made: str) -> None:
    """Whether a reading ended as the table says."""
    end = case.end(delivery)
    if isinstance(came, str):
        assert came == made or end == WHATEVER, "other bytes than were made"
        assert end in (BYTES, AGAIN, THEIRS, WHATEVER)
    elif end not in (THEIRS, WHATEVER):
        assert came.is_clear, came
        assert came.status in ((502, 503) if end == AGAIN else (end,)), came
        assert came.status != 503 or int(came.headers["retry-after"]) > 0


@pytest.mark.parametrize(("case", "reader", "delivery"), matrix(CLOUD, READERS), ids=str)
def test_files_of_the_cloud(world: World, tmp_path: Path, reader: str, delivery: str, case: Case) -> None:
    item = world.fresh(delivery, LANDSAT)
    ending = "SR_B4.TIF" if reader in ("rasterio", "odc-stac") else "MTL.xml"
    key = next(name for name, asset in item.assets.items() if f"_{ending}?" in asset.href)
    url = world.upstream.url(LANDSAT, item.properties["m2m:entity_id"], f"{item.id}_{ending}")
    made = as_made(reader, url, item, key)
    with world.upstream.failing(*case.faults):
        holds(case, delivery, READERS[reader](item, key, tmp_path), made)


@pytest.mark.parametrize(("case", "reader", "delivery"), matrix(TAPE, ["plain", "curl", "rasterio"]), ids=str)
def test_files_from_tape(world: World, tmp_path: Path, reader: str, delivery: str, case: Case) -> None:
    item = world.fresh(delivery, AERIAL)
    url = world.upstream.url(AERIAL, item.properties["m2m:entity_id"], "D197")
    frame = readers.whole(url)
    (tmp_path / "made.tif").write_bytes(frame)
    made = readers.window(str(tmp_path / "made.tif")) if reader == "rasterio" else readers.digest(frame)
    with world.upstream.failing(*case.faults):
        holds(case, delivery, READERS[reader](item, FRAME, tmp_path), made)


def as_made(reader: str, url: str, item: pystac.Item, key: str) -> str:
    """What the reader would have from the sandbox itself."""
    reads: dict[str, Callable[[], str]] = {
        "rasterio": lambda: readers.window(url),
        "odc-stac": lambda: readers.loaded(item, key, lambda _href: url),
    }
    return reads.get(reader, lambda: readers.digest(readers.whole(url)))()
