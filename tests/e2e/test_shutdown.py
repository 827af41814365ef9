"""Told to stop, a server finishes what is under way, logs out, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.serving import free_port, started, wait_for

DAY = "2024-07-28T00:00:00Z/2024-07-28T23:59:59Z"


def fault(sandbox: str, **said: Any) -> None:
    request = urllib.request.Request(f"{sandbox}/__sandbox/faults", json.dumps(said).encode(), method="POST")
    urllib.request.urlopen(request).close()


def asked(log: Path, endpoint: str) -> int:
    """How often the sandbox was asked this, by its own log."""
    return sum(f"/stable/{endpoint} " in line for line in log.read_text().splitlines())


class Asking(threading.Thread):
    """A search that is under way."""

    def __init__(self, address: str, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.address, self.status = address, 0
        self.said: dict[str, Any] = {}
        self.start()

    def run(self) -> None:
        asked = f"collections=landsat_ot_c2_l2&datetime={DAY}&limit={self.limit}"
        with urllib.request.urlopen(f"{self.address}/search?{asked}") as one:
            self.status, self.said = one.status, json.load(one)


def serving(folder: Path, **settings: str) -> tuple[subprocess.Popen[bytes], str, Path]:
    port, log, scratch = free_port(), folder / "bridge.log", folder / "tmp"
    scratch.mkdir()
    given = {f"STAC_BRIDGE_{name.upper()}": value for name, value in settings.items()}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STAC_BRIDGE_")}
    env = {**clean, "TMPDIR": str(scratch), "STAC_BRIDGE_DATA_DIR": str(folder / "data"), **given}
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c"]
    command += ["from stac_bridge.cli import app; app()", "serve", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env)
    address = f"http://127.0.0.1:{port}"
    wait_for(address, process, log)
    return process, address, log


def test_a_search_under_way_is_answered_and_the_account_logged_out(tmp_path: Path) -> None:
    with started("sandbox", tmp_path, "--faults") as (sandbox, sandbox_log):
        account = {"m2m_url": f"{sandbox}/api/api/json/stable/", "m2m_username": "somebody", "m2m_token": "any-token"}
        process, address, log = serving(tmp_path, notices_ttl="0", **account)
        try:
            Asking(address, 1).join()  # the list of datasets is there, and what this one offers
            fault(sandbox, kind="latency", seconds=1, on=["scene-search"])
            asking = Asking(address, 2)
            time.sleep(0.4)
            process.send_signal(signal.SIGTERM)
            asking.join()
            assert process.wait(10) == 0
        finally:
            process.kill()
        assert (asking.status, len(asking.said["features"])) == (200, 2)
        assert asked(sandbox_log, "login-token") == asked(sandbox_log, "logout") == 1
        said = log.read_text()
        assert "Traceback" not in said, said
        assert "Warning" not in said, said


def test_the_embedded_sandbox_leaves_no_folder_behind(tmp_path: Path) -> None:
    process, _address, log = serving(tmp_path)
    kept = (tmp_path / "tmp").rglob
    for _ in range(300):  # the catalogue is written by a thread, which nobody can stop in the middle
        if any(kept("catalog.json")):
            break
        time.sleep(0.1)
    time.sleep(0.5)
    assert any(kept("catalog.json")), log.read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0, log.read_text()
    assert list((tmp_path / "tmp").iterdir()) == []
