"""Requests that are meant to hurt: costly within the limits, above the limits, forged, held open or abandoned."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import httpx

__all__ = ["ATTACKS", "Targets", "attack_until"]

OLI = "landsat_ot_c2_l2"
HOLD = 2.0
"""Seconds for which a connection is held open."""
TIMEOUT = 60.0
"""Seconds after which a hostile client gives up."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What attacks need of a server: its address, the href of a band that it streams, and that of a staged film."""

    address: str
    band: str
    film: str


Attack = Callable[[httpx.AsyncClient, Targets, random.Random], Awaitable[int]]
"""Sends a request and returns the status of the response, or 0 if it did not wait for one."""

JSON = {"Content-Type": "application/json"}


async def _post(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    return (await client.post(path, content=body, headers=JSON)).status_code


@cache
def _search(shape: str) -> bytes:
    """Return the body of a search with a costly filter or geometry; each is near a limit."""
    ring = [
        [round(8 + math.cos(angle / 1591) / 2, 6), round(46 + math.sin(angle / 1591) / 2, 6)] for angle in range(9990)
    ]
    cloud = {"property": "eo:cloud_cover"}
    boxes = [
        [round(n % 20 - 10 + 0.4, 1), n // 20 + 30, round(n % 20 - 9.5 + 0.4, 1), n // 20 + 30.5] for n in range(400)
    ]
    filters = {
        "or": {"op": "or", "args": [{"op": "=", "args": [cloud, n / 40]} for n in range(3000)]},
        "boxes": {
            "op": "or",
            "args": [{"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": box}]} for box in boxes],
        },
        "in": {
            "op": "in",
            "args": [{"property": "id"}, [f"LC08_L2SP_{n:06}_20240101_20240110_02_T1" for n in range(2000)]],
        },
        "deep": _nested({"op": "<", "args": [cloud, 10]}, 60),
        "too deep": _nested({"op": "<", "args": [cloud, 10]}, 150),
    }
    body: dict[str, object] = {"collections": [OLI], "datetime": "2024-07-01T00:00:00Z/2024-07-02T00:00:00Z"}
    if shape == "ring":
        return json.dumps({**body, "intersects": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}).encode()
    if shape == "fields":
        return json.dumps(
            {**body, "limit": 200, "fields": {"include": [f"properties.f{n}" for n in range(5000)]}}
        ).encode()
    if shape == "ids":
        return json.dumps({"ids": [f"LC08_L2SP_{n:06}_20240101_20240110_02_T1" for n in range(1000)]}).encode()
    return json.dumps({**body, "filter-lang": "cql2-json", "filter": filters[shape]}).encode()


def _nested(inner: dict[str, object], depth: int) -> dict[str, object]:
    for _ in range(depth):
        inner = {"op": "not", "args": [inner]}
    return inner


def _searches(shape: str) -> Attack:
    async def attack(client: httpx.AsyncClient, _targets: Targets, _rng: random.Random) -> int:
        return await _post(client, "/search", _search(shape))

    return attack


def _sends(path: str, make: Callable[[], bytes]) -> Attack:
    body = cache(make)

    async def attack(client: httpx.AsyncClient, _targets: Targets, _rng: random.Random) -> int:
        return await _post(client, path, body())

    return attack


def _gets(path: str, **headers: str) -> Attack:
    async def attack(client: httpx.AsyncClient, _targets: Targets, _rng: random.Random) -> int:
        return (await client.get(path, headers=headers)).status_code

    return attack


async def _wide_page(client: httpx.AsyncClient, _targets: Targets, rng: random.Random) -> int:
    """Request a page of a thousand Items of a day that no other client has requested."""
    day = f"20{rng.randint(14, 23)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    search = {"collections": OLI, "datetime": f"{day}T00:00:00Z/{day}T23:59:59Z", "limit": "1000"}
    return (await client.get("/search", params=search)).status_code


async def _abandoned(client: httpx.AsyncClient, targets: Targets, rng: random.Random) -> int:
    """Disconnect while the server works."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await _wide_page(client, targets, rng)
    return 0


async def _forged(client: httpx.AsyncClient, targets: Targets, rng: random.Random) -> int:
    """Change a character of a signature."""
    return (await client.get(targets.band[:-1] + rng.choice("abcdefgh"))).status_code


async def _staged(client: httpx.AsyncClient, targets: Targets, _rng: random.Random) -> int:
    """Wait for a film that USGS prepares."""
    return (await client.get(targets.film, headers={"Range": "bytes=0-1023"})).status_code


async def _slow_reader(client: httpx.AsyncClient, targets: Targets, _rng: random.Random) -> int:
    """Take the first bytes of a whole band, then nothing, and disconnect."""
    async with client.stream("GET", targets.band, headers={"Origin": "https://page.example"}) as response:
        await anext(aiter(response.aiter_raw(1024)), b"")
        await asyncio.sleep(HOLD)
        return response.status_code


async def _unfinished_head(client: httpx.AsyncClient, _targets: Targets, _rng: random.Random) -> int:
    """Send the head of a request but for its end, and keep the connection."""
    where = urlsplit(str(client.base_url))
    _reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(b"GET /search HTTP/1.1\r\nHost: x\r\nX-Filler: " + b"a" * 8000)
    with contextlib.suppress(OSError):
        await writer.drain()
    await asyncio.sleep(HOLD)
    writer.close()
    return 0


ATTACKS: dict[str, Attack] = {
    **{
        f"a search with {shape}": _searches(shape)
        for shape in ("or", "boxes", "in", "deep", "too deep", "ring", "fields")
    },
    "a search for a thousand unknown ids": _searches("ids"),
    "2 MB that are no JSON": _sends("/search", lambda: b"[" * 2_000_000),
    "2 MB of JSON that is no search": _sends("/search", lambda: b"[" + b"[]," * 650_000 + b"[]]"),
    "16 MB of empty lists to sign": _sends("/sign", lambda: b"[" + b"[]," * 5_500_000 + b"[]]"),
    "a URL of 32 kB": _gets("/search?filter=" + "(" * 32_000),
    "an explanation of everything": _gets("/explain?filter-lang=cql2-text&filter=id%20LIKE%20%27%25%25%25%25a%25%27"),
    "a path out of the folder": _gets("/browser/..%2f..%2f..%2fetc%2fpasswd"),
    "a hostile Host": _gets("/collections", Host="evil.example"),
    "a page of a thousand": _wide_page,
    "an abandoned search": _abandoned,
    "a forged signature": _forged,
    "a staged file": _staged,
    "a slow reader": _slow_reader,
    "an unfinished head": _unfinished_head,
}
"""Attack by name."""


def attack_until(targets: Targets, clients: int, requests: int, seconds: float, stop: Path) -> Counter[str]:
    """Attack from several addresses until the file ``stop`` exists and ``requests`` were sent, or time is over.

    Returns how many responses had each status; ``0`` is none, ``lost`` a connection that failed. Runs in a process of
    its own, so that building and sending large bodies does not delay the clients that are measured.
    """
    return asyncio.run(_attack(targets, clients, requests, time.monotonic() + seconds, stop))


async def _attack(targets: Targets, clients: int, requests: int, deadline: float, stop: Path) -> Counter[str]:
    statuses: Counter[str] = Counter()

    def goes_on() -> bool:
        return time.monotonic() < deadline and not (sum(statuses.values()) >= requests and stop.exists())

    async def client(number: int) -> None:
        rng = random.Random(number)
        names = cycle(rng.sample(list(ATTACKS), len(ATTACKS)))
        transport = httpx.AsyncHTTPTransport(verify=False, local_address=f"127.0.9.{1 + number}")
        async with httpx.AsyncClient(transport=transport, base_url=targets.address, timeout=TIMEOUT) as http:
            while goes_on():
                try:
                    status = str(await ATTACKS[next(names)](http, targets, rng))
                except (httpx.HTTPError, OSError):
                    status = "lost"
                statuses[status] += 1

    await asyncio.gather(*(client(number) for number in range(clients)))
    return statuses
