"""GDAL reads files that were a 503 before, and readers of older STAC extensions can read the Items."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import numpy as np
import pystac
import pytest
import rasterio
import stackstac
from rasterio.errors import RasterioIOError
from rasterio.io import MemoryFile

from stac_bridge.client.compat import clear_gdal_cache, for_stackstac, gdal_options
from tests.unit.translate.test_item import translated

KEYS = ["red", "nir08", "qa_pixel"]


def as_pystac() -> pystac.ItemCollection:
    item = pystac.Item.from_dict(translated())
    item.clear_links()  # pystac would follow them
    return pystac.ItemCollection([item])


def grid_of(items: Any) -> tuple[Any, ...]:
    # Landsat's pixels lie half a pixel off the multiples of their size, which stackstac snaps to by default.
    stack = stackstac.stack(items, assets=KEYS, snap_bounds=False)
    assert list(stack.band.values) == KEYS
    return int(stack.epsg), stack.shape[-2:], tuple(stack.transform)[:6]


NATIVE = (32610, (7971, 7861), (30.0, 0.0, 353685.0, 0.0, -30.0, 5374215.0))


def test_stackstac_stacks_dictionaries_on_the_native_grid() -> None:
    assert grid_of([translated()]) == NATIVE


def test_stackstac_stacks_pystac_items_on_the_native_grid_through_the_helper() -> None:
    assert grid_of(for_stackstac(as_pystac())) == NATIVE


def test_stackstac_cannot_stack_pystac_items_without_the_helper() -> None:
    with pytest.raises(ValueError, match="CRS"):
        grid_of(as_pystac())


def test_the_helper_preserves_scale_and_offset() -> None:
    (item,) = for_stackstac(as_pystac())
    (band,) = item["assets"]["red"]["raster:bands"]
    assert (band["scale"], band["offset"]) == (0.0000275, -0.2)


def test_the_helper_does_not_modify_its_input() -> None:
    original = {"properties": {"proj:code": "EPSG:32610"}, "assets": {"red": {"href": "x"}}}
    (converted,) = for_stackstac([original])
    assert converted["properties"]["proj:epsg"] == 32610
    assert original == {"properties": {"proj:code": "EPSG:32610"}, "assets": {"red": {"href": "x"}}}


def test_a_crs_without_an_epsg_code_gets_none() -> None:
    (converted,) = for_stackstac([{"properties": {"proj:code": None}, "assets": {}}])
    assert "proj:epsg" not in converted["properties"]


pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


@dataclass
class StagedFile:
    """A file on a host of its own that is answered with ``status`` until it is ready, and then has its bytes."""

    address: str
    status: int = 503
    ready: bool = False
    requests: list[str] = field(default_factory=list)

    def opens(self, **options: str) -> bool:
        with rasterio.Env(**{"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", **options}):
            try:
                with rasterio.open(f"{self.address}/film.tif") as film:
                    return bool(film.read(1).all())
            except RasterioIOError:
                return False


def tiff() -> bytes:
    with MemoryFile() as memory:
        with memory.open(driver="GTiff", width=8, height=8, count=1, dtype="uint8") as image:
            image.write(np.ones((1, 8, 8), np.uint8))
        return bytes(memory.read())


@pytest.fixture
def staged() -> Iterator[StagedFile]:
    content = tiff()

    class Host(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            file.requests.append(self.command)
            body = content if file.ready else b""
            self.send_response(200 if file.ready else file.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 -- the name that http.server calls

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    file = StagedFile(f"http://127.0.0.1:{server.server_port}")
    try:
        yield file
    finally:
        server.shutdown()
        server.server_close()


STATUSES = [404, 429, 500, 502, 503, 504]
ONCE = {"GDAL_HTTP_MAX_RETRY": "0"}


@pytest.mark.parametrize("status", STATUSES)
def test_gdal_remembers_a_failure_although_the_file_is_ready_later(staged: StagedFile, status: int) -> None:
    """The reason for the options: if this fails, GDAL has changed, and they may be needless."""
    staged.status = status
    assert not staged.opens()
    staged.ready = True
    seen = len(staged.requests)
    assert not staged.opens()
    assert len(staged.requests) == seen, "it does not even request the file"


@pytest.mark.parametrize("status", STATUSES)
def test_with_the_options_gdal_requests_a_file_again_that_was_not_ready(staged: StagedFile, status: int) -> None:
    staged.status = status
    options = gdal_options(f"{staged.address}/", **ONCE)
    assert not staged.opens(**options)
    staged.ready = True
    assert staged.opens(**options)


def test_the_options_help_although_the_file_was_opened_without_them(staged: StagedFile) -> None:
    assert not staged.opens()
    staged.ready = True
    assert staged.opens(**gdal_options(staged.address))


@pytest.mark.parametrize("status", STATUSES)
def test_gdal_requests_a_file_again_after_its_cache_was_cleared(staged: StagedFile, status: int) -> None:
    staged.status = status
    assert not staged.opens()
    staged.ready = True
    assert clear_gdal_cache() >= 1
    assert staged.opens()


def test_each_gdal_of_the_process_has_its_cache_cleared() -> None:
    import pyogrio  # noqa: F401 -- brings a GDAL of its own

    assert clear_gdal_cache() >= 2


def test_a_gdal_whose_function_is_out_of_reach_is_an_error_with_the_other_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = ModuleType("osgeo._gdal")
    module.__file__ = "/nowhere/_gdal.so"
    monkeypatch.setitem(sys.modules, "osgeo._gdal", module)
    with pytest.raises(RuntimeError, match=r"osgeo\._gdal.*CPL_VSIL_CURL_NON_CACHED"):
        clear_gdal_cache()


def test_options_of_the_caller_replace_those_of_the_helper() -> None:
    assert gdal_options("http://here", GDAL_HTTP_MAX_RETRY="3")["GDAL_HTTP_MAX_RETRY"] == "3"
