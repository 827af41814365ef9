"""A real nginx with the configuration of deploy/, on a free port and with its files in a folder of the test's."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.serving import free_port, wait_for

SHIPPED = Path(__file__).resolve().parents[1] / "deploy" / "nginx.conf"
FOUND = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))

_KEEPS_FILES = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx makes a folder for at its start, in places that only root may write."""

needs_nginx = pytest.mark.skipif(FOUND is None, reason="NO nginx IS INSTALLED: the proxy of deploy/ is not tested")


def configured(folder: Path, port: int, upstream: str) -> str:
    """The shipped configuration with nothing changed but where things are: ports, paths and the upstream."""
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "server bridge:8000;": f"server {urlsplit(upstream).netloc};",
        "/tmp/nginx.pid": f"{folder}/nginx.pid",
        "/var/cache/nginx/pages": f"{folder}/pages",
        "include /etc/nginx/mime.types;": " ".join(f"{name}_temp_path {folder}/{name};" for name in _KEEPS_FILES),
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    # A master that runs as root hands its work to another user, who could not write into the test's folder.
    return f"user root;\n{text}" if os.geteuid() == 0 else text


@contextlib.contextmanager
def proxied(upstream: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The address of an nginx in front of ``upstream``, and its error log; it is stopped afterwards."""
    assert FOUND
    port, log, conf = free_port(), folder / "error.log", folder / "nginx.conf"
    conf.write_text(configured(folder, port, upstream), encoding="utf-8")
    log.touch()
    command = [FOUND, "-e", str(log), "-p", str(folder), "-c", str(conf), "-g", "daemon off;"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/_mgmt/ping", process, log)
        yield f"http://127.0.0.1:{port}", log
    finally:
        process.terminate()
        process.wait(20)
