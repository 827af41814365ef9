"""No response leads the bridge, or its readers, to a host that is not on the list."""

from __future__ import annotations

import pytest

from stac_bridge.assets import HostAllowList
from stac_bridge.assets.read.probe import probe
from stac_bridge.errors import UpstreamFault
from tests.unit.assets.read.upstream_host import Host

ELSEWHERE = [
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "https://[fe80::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0251.0376.0251.0376/",
    "http://127.0.0.1/",
    "http://localhost/",
    "https://0/",
    "file:///etc/passwd",
    "file://landsatlook.usgs.gov/etc/passwd",
    "gopher://landsatlook.usgs.gov/",
    "//landsatlook.usgs.gov/x",
    "landsatlook.usgs.gov/x",
    "https:landsatlook.usgs.gov",
    "https:///landsatlook.usgs.gov",
    "",
    "https://landsatlook.usgs.gov@evil.example/",
    "https://evil.example@landsatlook.usgs.gov/",
    "https://landsatlook.usgs.gov:443@evil.example/",
    "https://evil.example\\@landsatlook.usgs.gov/",
    "https://landsatlook.usgs.gov\\@evil.example/",
    "https://landsatlook.usgs.gov\\.evil.example/",
    "https://evil.example#@landsatlook.usgs.gov/",
    "https://evil.example?@landsatlook.usgs.gov/",
    "https://evil.example/\\landsatlook.usgs.gov/",
    "https://landsatlook.usgs.gov%2eevil.example/",
    "https://landsatlook.usgs.gov%00.evil.example/",
    "https://landsatlook.usgs.gov.evil.example/",
    "https://evillandsatlook.usgs.gov/",
    "https://land\tsatlook.usgs.gov/",
    "https://landsatlook.usgs.gov/x\r\nLocation: https://evil.example/",
    " https://landsatlook.usgs.gov/x",
    "https://landsatlook.usgs.gov /x",
    "https://landsatlook.usgs.gov:port/",
    "https://landsatlook.usgs.gov:99999/",
    "https://ｌandsatlook.usgs.gov/",
    "https://landsatlook。usgs。gov/",
]


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_a_url_of_another_host_is_refused_before_any_request_and_is_not_shown(url: str) -> None:
    host = Host(b"secret")
    with pytest.raises(UpstreamFault) as error:
        await probe(url, "a.tif", host.http, HostAllowList(["landsatlook.usgs.gov"]))
    assert host.requests == []
    assert "meta-data" not in str(error.value)
    assert "passwd" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://landsatlook.usgs.gov/x", True),
        ("https://LANDSATLOOK.usgs.gov.:8443/x", True),
        ("http://landsatlook.usgs.gov/x", False),
        ("https://evil.example/x", False),
        ("https://landsatlook.usgs.gov.evil.example/x", False),
        ("https://evil.landsatlook.usgs.gov/x", False),
        ("https://user@landsatlook.usgs.gov/x", False),
        ("https://landsatlook.usgs.gov@evil.example/x", False),
        ("http://127.0.0.1/x", False),
        ("https://[::1]/x", False),
        ("http://files.example:9000/x", True),
        ("https://files.example/x", True),
        ("http://127.0.0.1:8000/sandbox/x", True),
        ("http://127.0.0.1:8001/sandbox/x", False),
        ("ftp://landsatlook.usgs.gov/x", False),
        ("file:///etc/passwd", False),
        ("nonsense", False),
    ],
)
def test_only_listed_hosts_are_allowed(url: str, allowed: bool) -> None:
    hosts = HostAllowList(("landsatlook.usgs.gov",), ("files.example",), "http://127.0.0.1:8000")
    if allowed:
        hosts.check(url)
    else:
        with pytest.raises(UpstreamFault, match="STAC_BRIDGE_DOWNLOAD_HOSTS"):
            hosts.check(url)
