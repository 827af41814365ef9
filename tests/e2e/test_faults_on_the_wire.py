"""Faults below HTTP are true over real sockets."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving import started, until

API = "/api/api/json/stable/"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started("sandbox", tmp_path_factory.mktemp("wire"), "--faults", "--staging-seconds", "0") as (address, log):
        yield address
        assert "Traceback" not in log.read_text()


def fault(sandbox: str, **said: Any) -> None:
    request = urllib.request.Request(f"{sandbox}/__sandbox/faults", json.dumps(said).encode(), method="POST")
    urllib.request.urlopen(request).close()


def ask(sandbox: str, endpoint: str, said: Any, key: str = "") -> Any:
    request = urllib.request.Request(sandbox + API + endpoint, json.dumps(said).encode(), {"X-Auth-Token": key})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


def seen(sandbox: str) -> Any:
    with urllib.request.urlopen(f"{sandbox}/__sandbox/seen") as answer:
        return json.load(answer)


def received(sandbox: str, request: bytes) -> bytes:
    """What a bare socket is sent until the other side is done. Raises ConnectionResetError."""
    where = urlsplit(sandbox)
    with socket.create_connection((where.hostname, where.port), timeout=10) as wire:
        wire.sendall(request)
        found = b""
        while part := wire.recv(65536):
            found += part
        return found


def post(endpoint: str) -> bytes:
    head = f"POST {API}{endpoint} HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    return head.encode() + b"{}"


def test_a_reset_is_a_reset_of_the_connection(sandbox: str) -> None:
    fault(sandbox, kind="reset", on=["dataset-search"], times=1)
    with pytest.raises(ConnectionResetError):
        received(sandbox, post("dataset-search"))
    assert received(sandbox, post("dataset-search")).startswith(b"HTTP/1.1 401")


def test_a_request_runs_on_when_its_asker_has_gone_and_what_is_refused_beside_it_is_told_apart(sandbox: str) -> None:
    key = ask(sandbox, "login-token", {"username": "who-leaves", "token": "a-token"})
    before = seen(sandbox)
    fault(sandbox, kind="latency", seconds=3, times=1)
    where = urlsplit(sandbox)
    with socket.create_connection((where.hostname, where.port), timeout=10) as wire:
        wire.sendall(post("permissions").replace(b"\r\n\r\n", f"\r\nX-Auth-Token: {key}\r\n\r\n".encode()))
        until(lambda: seen(sandbox)["calls"].get("permissions", 0) > before["calls"].get("permissions", 0))
    # the sandbox hears of the end of a connection a moment after it
    while seen(sandbox)["refused_beside_left"] == before["refused_beside_left"]:
        with pytest.raises(urllib.error.HTTPError, match="500"):
            ask(sandbox, "permissions", {}, key)


@pytest.mark.parametrize("at", [0, 10])
def test_a_cut_body_is_shorter_than_was_announced(sandbox: str, at: int) -> None:
    fault(sandbox, kind="cut", on=["permissions"], at=at, times=1)
    head, _blank, body = received(sandbox, post("permissions")).partition(b"\r\n\r\n")
    announced = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert announced > len(body) == at


def test_a_file_is_cut_where_it_was_asked_and_whole_the_next_time(sandbox: str) -> None:
    url, size = naip_file(sandbox)
    fault(sandbox, kind="cut", on=["dds"], at=5000, times=1)
    request = f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n".encode()
    assert len(received(sandbox, request).partition(b"\r\n\r\n")[2]) == 5000
    assert len(received(sandbox, request).partition(b"\r\n\r\n")[2]) == size


def test_an_endless_file_goes_on_after_its_end_until_the_reader_leaves(sandbox: str) -> None:
    url, size = naip_file(sandbox)
    fault(sandbox, kind="endless", on=["dds"], times=1)
    with urllib.request.urlopen(url) as answer:
        assert "content-length" not in answer.headers
        assert len(answer.read(size + 2**20)) == size + 2**20
    with urllib.request.urlopen(url) as answer:
        assert len(answer.read()) == size


def naip_file(sandbox: str) -> tuple[str, int]:
    """The URL of a file that is there at once, and its size."""
    key = ask(sandbox, "login-token", {"username": "wire", "token": "any"})
    (scene,) = ask(sandbox, "scene-search", {"datasetName": "naip", "maxResults": 1}, key)["results"]
    options = ask(sandbox, "download-options", {"datasetName": "naip", "entityIds": scene["entityId"]}, key)
    product = next(one for one in options if one["available"])
    asked = {"downloads": [{"entityId": scene["entityId"], "productId": product["id"]}]}
    url = ask(sandbox, "download-request", asked, key)["availableDownloads"][0]["url"]
    return url, product["filesize"]
