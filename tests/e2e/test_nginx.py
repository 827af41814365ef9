"""The proxy of deploy/, as a real nginx in front of a real server: what it lets through, and what it refuses."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.nginx_server import needs_nginx, proxied
from tests.serving import free_port

pytestmark = needs_nginx

MB = 2**20
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def proxy(api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        proxied(api, tmp_path_factory.mktemp("nginx")) as (address, _log),
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def announced(address: str, path: str, size: int) -> tuple[int, bytes]:
    """The response to a POST that announces a body of this size and has sent nothing of it yet."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    try:
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_the_items_of_a_whole_page_are_signed_through_the_proxy(proxy: httpx.Client) -> None:
    page = proxy.get("/search", params={"collections": "landsat_ot_c2_l2", "limit": 200}).json()
    body = json.dumps(page).encode()
    assert len(body) > 5 * MB
    signed = proxy.post("/sign", content=body, headers=JSON)
    assert signed.status_code == 200
    assert [one["id"] for one in signed.json()["features"]] == [one["id"] for one in page["features"]]


def test_a_body_that_the_server_takes_reaches_it(proxy: httpx.Client) -> None:
    padded = b'{"collections": ["naip"], "limit": 1' + b" " * (3 * MB // 2) + b"}"
    assert proxy.post("/search", content=padded, headers=JSON).json()["numberReturned"] == 1


@pytest.mark.parametrize(("path", "size"), [("/search", 3 * MB), ("/search", 2 * MB + 1), ("/sign", 64 * MB + 1)])
def test_a_body_over_the_servers_limit_is_refused_as_the_server_refuses_it(
    proxy: httpx.Client, api: str, path: str, size: int
) -> None:
    status, body = announced(str(proxy.base_url), path, size)
    status_of_server, body_of_server = announced(api, path, size)
    assert status == status_of_server == 413
    problem, problem_of_server = json.loads(body), json.loads(body_of_server)
    assert problem.keys() == problem_of_server.keys()
    for name in ("type", "status", "code"):
        assert problem[name] == problem_of_server[name]


def test_a_page_may_read_why_the_proxy_refuses(proxy: httpx.Client) -> None:
    refused = proxy.post("/search", content=b" " * 3 * MB, headers=JSON)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["access-control-allow-origin"] == "*"
    assert refused.headers["cache-control"] == "no-store"


def test_the_longest_addresses_are_judged_by_the_server(proxy: httpx.Client) -> None:
    for length, status in ((30_000, 400), (59_000, 414)):
        response = proxy.get("/search", params={"filter": "a" * length})
        assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
        assert "x-request-id" in response.headers, "the server's own answer"


def test_a_redirect_that_repeats_a_long_address_passes(proxy: httpx.Client) -> None:
    redirected = proxy.get("/search/", params={"filter": "a" * 30_000})
    assert redirected.status_code == 307
    assert len(redirected.headers["location"]) > 30_000


def test_a_page_under_a_long_address_is_cached(proxy: httpx.Client) -> None:
    ids = ",".join(f"an-id-of-no-item-{number}" for number in range(900))
    asked = {"collections": "naip", "limit": "1", "ids": ids}
    assert [proxy.get("/search", params=asked).headers["x-cache"] for _ in range(2)] == ["MISS", "HIT"]


def test_an_operators_address_is_hidden_and_ping_is_not(proxy: httpx.Client) -> None:
    hidden = proxy.get("/_mgmt/health")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "NotFound")
    assert proxy.get("/_mgmt/ping").status_code == 200


def test_a_server_that_is_away_is_told_as_a_problem_with_when_to_retry(tmp_path: Path) -> None:
    with proxied(f"http://127.0.0.1:{free_port()}", tmp_path) as (address, _log):
        away = httpx.get(f"{address}/search")
    assert (away.status_code, away.json()["status"], away.json()["code"]) == (502, 502, "UpstreamUnreachable")
    assert away.headers["retry-after"] == "5"


def test_a_caller_who_sends_too_many_requests_at_once_is_told_as_a_problem_with_when_to_retry(tmp_path: Path) -> None:
    with (
        proxied(f"http://127.0.0.1:{free_port()}", tmp_path) as (address, _log),
        httpx.Client(base_url=address) as client,
    ):
        responses = (client.get("/search") for _ in range(2000))
        refused = next(one for one in responses if one.status_code == 429)
    assert (refused.json()["status"], refused.json()["code"]) == (429, "TooOften")
    assert refused.headers["retry-after"] == "1"
