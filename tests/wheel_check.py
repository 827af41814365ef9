"""Run by CI in an empty environment that holds the built wheel alone: does what was shipped work?"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import stac_bridge
from stac_bridge.mapping import load_mappings


def main() -> None:
    """Serve from the wheel, search, and read the first bytes of a band."""
    place = Path(stac_bridge.__file__).parent
    assert "site-packages" in place.parts, place
    assert (place / "py.typed").is_file()
    assert (place / "browser" / "index.html").is_file(), "the wheel came without the browser"
    assert (place / "browser" / "licences.txt").is_file()
    mappings = load_mappings()
    assert "landsat_ot_c2_l2" in mappings.by_dataset
    assert "landsat-c2-l2" in {one.union for one in mappings.unions}

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "stac-bridge"), "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        item = json.loads(fetched(f"http://127.0.0.1:{port}/search?collections=landsat_ot_c2_l2&limit=1"))["features"][
            0
        ]
        assert b"config.js" in fetched(f"http://127.0.0.1:{port}/browser/")
        request = urllib.request.Request(item["assets"]["red"]["href"], headers={"Range": "bytes=0-3"})
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == b"II*\0"
    finally:
        process.terminate()
        process.wait(10)
    print(f"The wheel of stac-bridge {stac_bridge.__version__} serves {item['id']}.")


def fetched(address: str) -> bytes:
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
    main()
