"""Readers and logs never see what is the account's; and nobody leads the bridge where it should not go."""

from __future__ import annotations

import base64
import contextlib
import http.client
import itertools
import json
import re
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.readers import Problem, Upstream
from tests.serving import started
from tests.support import LONG, sampled

NAME, TOKEN = "the-accounts-own-name", "the-accounts-own-application-token"
LANDSAT, AERIAL = "landsat_ot_c2_l2", "aerial_combin"

FAULTS: list[list[dict[str, Any]]] = [
    [],
    [{"kind": "redirect"}],
    [{"kind": "login-page", "skip": 1}],
    [{"kind": "expires", "reads": 1}],
    [{"kind": "down"}],
    [{"kind": "cut", "at": 200, "on": ["files"]}],
    [{"kind": "reset", "on": ["files"]}],
    [{"kind": "staging", "seconds": None}],
    [{"kind": "disabled"}],
    [{"kind": "error", "code": "DOWNLOAD_ERROR", "on": ["download-request"]}],
    [{"kind": "drift", "retyped": ["url", "downloadId"], "on": ["download-request"]}],
    [{"kind": "keys-lost", "times": 1}],
    [{"kind": "maintenance", "on": ["download-request"], "times": 2}],
    [{"kind": "error", "code": "RATE_LIMIT_USER_DL", "on": ["download-request"]}],  # after it the bridge asks no more
]
"""One after the other, each over files that nobody has read."""


class Bridge:
    """A bridge of which everything that it says is kept."""

    def __init__(self, address: str, log: Path, turn: int = 0) -> None:
        self.address, self.log, self.turn = address, log, turn
        self.said: list[str] = []
        self._fresh = {one: itertools.chain.from_iterable(self._pages(one)) for one in (LANDSAT, AERIAL)}

    def _pages(self, collection: str) -> Iterator[list[dict[str, Any]]]:
        days = "&datetime=2024-07-01T00:00:00Z/2024-07-03T00:00:00Z" if collection == LANDSAT else ""
        yield json.loads(self.ask(f"{self.address}/search?collections={collection}&limit=60{days}").body)["features"]

    def ask(self, href: str, method: str = "GET", **headers: str) -> Problem:
        """One request, without following redirects."""
        where = urlsplit(href)
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, f"{where.path}?{where.query}", headers=headers)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.headers.items()}
            body = b""
            with contextlib.suppress(HTTPException):
                body = answer.read(2**24)
        kept = {name: value for name, value in told.items() if (answer.status, name) != (302, "location")}
        self.said.append(f"{href} {answer.status} {kept} {body[:200_000].decode(errors='replace')}")
        return Problem(answer.status, told, body)

    def fresh(self, collection: str) -> list[str]:
        """Hrefs of an Item that nobody has read; of a small file among them."""
        assets = next(self._fresh[collection])["assets"].values()
        signed = [one["href"] for one in assets if one["href"].startswith(f"{self.address}/collections/")]
        return [next((one for one in signed if "MTL.xml" in one), signed[-1]), signed[0]]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    with started("sandbox", tmp_path_factory.mktemp("leaks"), "--faults", "--staging-seconds", "0.2") as (
        address,
        _log,
    ):
        yield Upstream(address)


@pytest.fixture(scope="module", params=["auto", pytest.param("stream", marks=pytest.mark.long)])
def failing(
    request: pytest.FixtureRequest, sandbox: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bridge]:
    form = {"stream": "text", "auto": "json"}[request.param]
    with bridged(sandbox, tmp_path_factory.mktemp("failing"), request.param, log=form) as one:
        yield one


@pytest.fixture(scope="module")
def bridge(sandbox: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    with bridged(sandbox, tmp_path_factory.mktemp("bridge"), "stream") as one:
        yield one


@contextlib.contextmanager
def bridged(sandbox: Upstream, folder: Path, delivery: str, **settings: str) -> Iterator[Bridge]:
    told = {"m2m_url": f"{sandbox.address}/api/api/json/stable/", "m2m_username": NAME, "m2m_token": TOKEN}
    more = {"download_hosts": "127.0.0.1", "delivery": delivery, "m2m_timeout": "8", "log_level": "debug", **settings}
    told["staging_wait"] = "0"  # the 503 is among the answers that must not leak
    with started("serve", folder, **told, **more) as (address, log):
        yield Bridge(address, log, turn=int(delivery == "auto"))


def command_lines() -> list[str]:
    """What ``ps`` shows of every process here."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_text(errors="replace"))
    assert any("serve" in one for one in found)
    return found


def secrets() -> dict[str, str]:
    """What no reader and no log may see, as it is written in URLs too."""
    return {
        "the account's name": NAME,
        "its token": TOKEN,
        "its contact id": "contactId",
        "a signature": "requestSignature",
        "an address at dds": base64.b64encode(b'{"id":').decode()[:8],
        "a signed address": base64.b64encode(b'{"downloadApp":"M2M"').decode()[:20],
    }


def test_no_body_header_or_log_line_has_anything_of_the_account(failing: Bridge, sandbox: Upstream) -> None:
    for turn, faults in enumerate(FAULTS):
        both = (LANDSAT, AERIAL)
        for collection in both if LONG else [both[(turn + failing.turn) % 2]]:  # by the other bridge the other
            hrefs = failing.fresh(collection)
            with sandbox.failing(*faults):
                for href in hrefs if LONG else [hrefs[turn % 2]]:
                    failing.ask(href, "HEAD")
                    failing.ask(href, Accept="text/html")
                    failing.ask(href, Range="bytes=0-9", Origin="https://page.example")
    for page in ("/", "/api", "/collections", "/_mgmt/health", "/_mgmt/metrics"):
        assert failing.ask(failing.address + page).status == 200
    log = failing.log.read_text()
    assert "download-request" in log, "it was told at DEBUG"
    for what, secret in secrets().items():
        for said in [*failing.said, *log.splitlines()]:
            assert secret not in said, f"{what} in: {said[max(0, said.index(secret) - 300) :][:600]}"


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/latest/",
        "http://localhost:1/file",
        "http://127.0.0.1.stranger.invalid/file",
        "http://127.0.0.1@stranger.invalid/file",
        "https://landsatlook.usgs.gov.stranger.invalid/file",
        "file:///etc/hostname",
        "gopher://127.0.0.1/",
        "//stranger.invalid/file",
        "not an address",
    ],
)
@pytest.mark.parametrize("kind", sampled(["astray", "redirect"], 2))
def test_where_upstream_must_not_lead_nobody_goes(bridge: Bridge, sandbox: Upstream, kind: str, to: str) -> None:
    href, *_others = bridge.fresh(LANDSAT)
    with sandbox.failing({"kind": kind, "to": to}):
        answer = bridge.ask(href)
    assert answer.status == 502
    assert answer.is_clear
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.replace("/assets/", "/assets/../"),
        lambda path: path.replace("/assets/", "/assets/%2e%2e/"),
        lambda path: re.sub(r"/[^/]+\?", "/..%2f..%2fetc%2fpasswd?", path),
        lambda path: re.sub(r"/[^/]+\?", "/%2fetc%2fpasswd?", path),
        lambda path: re.sub(r"/[^/]+\?", "/..%5cfile?", path),
        lambda path: re.sub(r"/[^/]+\?", "/a%00b?", path),
        lambda path: path.replace("/collections/", "//collections/"),
        lambda path: path + "%0d%0aX-Other:%201",
        lambda path: path + "&" + "a" * 60_000,
    ],
)
def test_a_path_that_leads_elsewhere_opens_nothing(bridge: Bridge, change: Any) -> None:
    href, *_others = bridge.fresh(LANDSAT)
    answer = bridge.ask(bridge.address + change(href.removeprefix(bridge.address)))
    assert answer.status in (400, 403, 404, 414, 431)
    assert "x-other" not in answer.headers
    assert "root:" not in answer.body.decode(errors="replace")


@pytest.mark.long
def test_a_body_without_end_is_given_up_at_the_spools_bound(sandbox: Upstream, tmp_path: Path) -> None:
    bound = 4 * 2**20
    with bridged(sandbox, tmp_path, "stream", spool_bytes=str(bound)) as small, sandbox.failing({"kind": "endless"}):
        (href, *_others) = small.fresh(LANDSAT)
        answer = small.ask(href)
        assert answer.is_clear or len(answer.body) <= bound
        kept = [path.stat().st_size for path in tmp_path.rglob("*") if path.is_file() and "spool" in str(path)]
        assert sum(kept) <= bound
        assert small.ask(f"{small.address}/conformance").status == 200
