"""Run by CI in an environment that holds the built wheel alone: does what was shipped work?

``wheel_check.py`` is for the bare wheel, ``wheel_check.py [sandbox]`` for the wheel with that extra.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import stac_bridge
from stac_bridge.mapping import load_mappings

COMMAND = str(Path(sys.executable).parent / "stac-bridge")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("STAC_BRIDGE_")}


def main(extra: str) -> None:
    """Check the files of the wheel, and serve from it."""
    place = Path(stac_bridge.__file__).parent
    assert "site-packages" in place.parts, place
    assert (place / "py.typed").is_file()
    assert (place / "browser" / "index.html").is_file(), "the wheel came without the browser"
    assert (place / "browser" / "licences.txt").is_file()
    mappings = load_mappings()
    assert "landsat_ot_c2_l2" in mappings.by_dataset
    assert "landsat-c2-l2" in {one.union for one in mappings.unions}
    served = serve_the_sandbox() if extra else serve_an_account()
    print(f"The wheel of stac-bridge {stac_bridge.__version__}{extra} serves {served}.")


def serve_an_account() -> str:
    """The bare wheel serves an account, here one that cannot be reached, and names the extras that it lacks."""
    assert not any(find_spec(module) for module in ("PIL", "redis", "pyarrow", "rasterio"))
    for settings, extra in (({}, "sandbox"), ({"STAC_BRIDGE_STORE": "redis://127.0.0.1:9/0"}, "redis")):
        refused = subprocess.run(
            [COMMAND, "serve"], env={**CLEAN, **settings}, capture_output=True, text=True, check=False
        )
        assert refused.returncode == 2, refused
        assert f"pip install 'stac-bridge[{extra}]'" in refused.stderr, refused
    account = {
        "STAC_BRIDGE_M2M_URL": "http://127.0.0.1:9/api/",
        "STAC_BRIDGE_M2M_USERNAME": "somebody",
        "STAC_BRIDGE_M2M_TOKEN": "a-token",
    }
    with serving(account) as address:
        page = json.loads(fetch(f"{address}/"))
        assert page["type"] == "Catalog"
        assert b"config.js" in fetch(f"{address}/browser/")
    return "its landing page"


def serve_the_sandbox() -> str:
    """With the extra it serves without an account: search, and read the first bytes of a band."""
    with serving({}) as address:
        items = json.loads(fetch(f"{address}/search?collections=landsat_ot_c2_l2&limit=1"))
        item = items["features"][0]
        request = urllib.request.Request(item["assets"]["red"]["href"], headers={"Range": "bytes=0-3"})
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == b"II*\0"
    return str(item["id"])


@contextlib.contextmanager
def serving(settings: dict[str, str]) -> Iterator[str]:
    """The address of ``stac-bridge serve`` with these settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [COMMAND, "serve", "--port", str(port)]
    process = subprocess.Popen(command, env={**CLEAN, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def fetch(address: str) -> bytes:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address) as answer:
                return bytes(answer.read())
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError):
                raise
            time.sleep(0.1)
    raise SystemExit(f"Nothing answers at {address}.")


if __name__ == "__main__":
    main("".join(sys.argv[1:]))
