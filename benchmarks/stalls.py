"""How long one request stops all others: pings while it runs, and the longest step of the event loop (CPU).

A search over shapes of requests: each shape grows until it is refused or has its maximum size; then the worst
searches are combined. The server runs in a thread of this process, so that its steps can be measured, on scenes that
M2M returns at once. Pings come from a process, one after another, at most one in ten milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import math
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from benchmarks.parts.benchmark import Benchmark
from benchmarks.parts.figures import Figure, at_most
from benchmarks.parts.served import M2M, ORIGIN
from benchmarks.parts.servers import in_thread
from m2m_sandbox import create_sandbox
from stac_bridge.api import create_app
from stac_bridge.cli.garbage_collection import tune_garbage_collection
from stac_bridge.settings import Settings

__all__ = ["BENCHMARK", "SEARCHES", "SHAPES", "Size"]

STALL, CPU = at_most(100), at_most(2)
PING_INTERVAL = 0.01
SCENES = 1000
LANDSAT = "landsat_ot_c2_l2"

_NO_RESPONSE = 0
"""In place of the status of a response that did not arrive within two minutes."""

Json = dict[str, Any]

_ALPS: Json = {
    "collections": [LANDSAT],
    "limit": 1,
    "bbox": [5, 45, 9, 49],
    "datetime": "2023-06-01T00:00:00Z/2023-08-31T23:59:59Z",
}
"""What each search has beside its shape."""


@dataclass(frozen=True)
class Size:
    """How far shapes grow, how many sizes of each are tried, and how often the worst are repeated."""

    shapes: int = 1000
    """The number of shapes, from the first on."""
    largest: int = 1_000_000
    steps: int = 4
    combinations: int = 6
    repetitions: int = 3


@dataclass(frozen=True)
class Shot:
    """A request to send."""

    path: str
    body: bytes | None = None

    @property
    def bytes(self) -> int:
        """The size of the request without headers."""
        return len(self.path) + len(self.body or b"")


# -- shapes ---------------------------------------------------------------------------------------------------------

CLOUD, GEOMETRY, ID, PLATFORM = ({"property": name} for name in ("eo:cloud_cover", "geometry", "id", "platform"))


def _op(op: str, *args: Any) -> Json:
    return {"op": op, "args": list(args)}


def _star(corners: int) -> Json:
    """A ring with spikes around a place in the Alps, whose parts all differ."""
    ring = [
        [
            7 + (1 + 0.3 * (n % 2)) * math.cos(2 * math.pi * n / corners),
            46 + (1 + 0.3 * (n % 2)) * math.sin(2 * math.pi * n / corners),
        ]
        for n in range(corners)
    ]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _box(number: int) -> Json:
    west, south = 5 + 0.01 * (number % 400), 45 + 0.01 * (number // 400)
    return {"bbox": [west, south, west + 0.015, south + 0.015]}


def _nested(levels: int, op: Callable[[Any], Json], inner: Any) -> Any:
    for _ in range(min(levels, 200)):  # more cannot be written as JSON
        inner = op(inner)
    return inner


def _filter(expression: Any) -> Json:
    return {"filter": expression, "filter-lang": "cql2-json"}


def _or(count: int, part: Callable[[int], Json]) -> Json:
    return _filter(_op("or", *map(part, range(count))))


def _text(text: str) -> Json:
    return {"filter": text, "filter-lang": "cql2-text"}


SEARCHES: dict[str, Callable[[int], Json]] = {
    "or of comparisons": lambda n: _or(n, lambda i: _op("<", CLOUD, -i)),
    "or of equal values": lambda n: _or(n, lambda i: _op("=", ID, f"x{i}")),
    "or of boxes": lambda n: _or(n, lambda i: _op("s_intersects", GEOMETRY, _box(i))),
    "or of boxes that touch": lambda n: _or(n, lambda i: _op("s_touches", GEOMETRY, _box(i))),
    "or of folded texts": lambda n: _or(n, lambda i: _op("=", _op("casei", PLATFORM), _op("casei", f"X{i}"))),
    "or of accents": lambda n: _or(n, lambda i: _op("=", _op("accenti", PLATFORM), _op("accenti", f"é{i}"))),
    "or of patterns": lambda n: _or(n, lambda i: _op("like", ID, f"%{i}%x_%")),
    "or of collections": lambda n: _or(n, lambda i: _op("=", {"property": "collection"}, f"c{i}")),
    "or of days": lambda n: _or(n, lambda i: _op("=", {"property": "datetime"}, {"date": "2020-01-01"})),
    "and of unequal": lambda n: _filter(_op("and", *(_op("<>", CLOUD, -i) for i in range(n)))),
    "in of numbers": lambda n: _filter(_op("in", CLOUD, list(range(-n, 0)))),
    "in of texts": lambda n: _filter(_op("in", PLATFORM, [f"p{i}" for i in range(n)])),
    "in of an unmapped field": lambda n: _filter(_op("in", {"property": "m2m:station"}, [f"p{i}" for i in range(n)])),
    "in of times": lambda n: _filter(_op("in", {"property": "datetime"}, [{"timestamp": "2020-01-01T00:00:00Z"}] * n)),
    "list that overlaps": lambda n: _filter(
        _op("a_overlaps", {"property": "instruments"}, [f"i{i}" for i in range(n)])
    ),
    "a long pattern": lambda n: _filter(_op("like", ID, "%a" * n)),
    "a long text": lambda n: _filter(_op("=", ID, "x" * n)),
    "an unknown property": lambda n: _filter(_op("=", {"property": "x" * n}, 1)),
    "deep not": lambda n: _filter(_nested(n, lambda inner: _op("not", inner), _op("<", CLOUD, -1))),
    "deep or": lambda n: _filter(_nested(min(n, 60), lambda inner: _op("or", inner, _op("<", CLOUD, -n)), True)),
    "arithmetic": lambda n: _filter(_op("<", _nested(n, lambda inner: _op("+", inner, 1), CLOUD), -1)),
    "corners": lambda n: {"intersects": _star(max(4, n)), "bbox": None},
    "corners to touch": lambda n: _filter(_op("s_touches", GEOMETRY, _star(max(4, n)))),
    "corners to overlap": lambda n: _filter(_op("s_overlaps", GEOMETRY, _star(max(4, n)))),
    "points": lambda n: {
        "intersects": {"type": "MultiPoint", "coordinates": [[5 + i / n, 46] for i in range(n)]},
        "bbox": None,
    },
    "ids": lambda n: {"ids": [f"LC08_L2SP_196028_20240728_20240807_02_{i}" for i in range(n)]},
    "ids without parts": lambda n: {"ids": [f"LC08_L2SP_196028_{20200000 + i}_02_T1" for i in range(n)]},
    "query in": lambda n: {"query": {"eo:cloud_cover": {"in": list(range(-n, 0))}}},
    "query of an unknown name": lambda n: {"query": {"x" * n: {"eq": 1}}},
    "fields": lambda n: {"fields": {"include": [f"assets.a{i}.b" for i in range(n)]}, "limit": 100},
    "fields left out": lambda n: {"fields": {"exclude": [f"assets.a{i}.b" for i in range(n)]}, "limit": 100},
    "fields with dots": lambda n: {"fields": {"include": ["a." * n]}, "limit": 100},
    "limit": lambda n: {"limit": n, "bbox": [-180, -90, 180, 90]},
    "limit of a sort": lambda n: {"limit": n, "sortby": [{"field": "view:sun_elevation"}]},
    "rare matches": lambda n: {
        **_filter(_op(">", {"property": "view:sun_elevation"}, 90)),
        "limit": n,
        "bbox": [-180, -90, 180, 90],
    },
    "cql2 text": lambda n: _text(" or ".join(f'"eo:cloud_cover" < -{i}' for i in range(n))),
    "cql2 text in parentheses": lambda n: _text("(" * 6 + " or ".join(f"gsd < -{i}" for i in range(n)) + ")" * 6),
    "cql2 text in many parentheses": lambda n: _text("(" * min(n, 60) + "gsd < 0" + ")" * min(n, 60)),
    "an unreadable bbox": lambda n: {"bbox": ["x"] * n},
    "empty lists": lambda n: {"limit": [[]] * n},
    "empty objects": lambda n: {"limit": [{}] * n},
    "an unreadable geometry": lambda n: {"intersects": {"type": "Polygon", "coordinates": [[["x", 0]] * n]}},
    "an unknown parameter": lambda n: {"x" * n: 1},
}
"""Bodies of POST /search by size."""


def _titles(count: int) -> Json:
    return _op("or", *(_op("like", {"property": "title"}, f"x{i}%") for i in range(count)))


def _post(path: str, body: Any) -> Shot:
    return Shot(path, json.dumps(body, separators=(",", ":")).encode())


def _searched(shape: Callable[[int], Json], path: str = "/search") -> Callable[[int], Shot]:
    return lambda n: _post(path, {**_ALPS, **shape(n)})


def _unnamed(shape: Callable[[int], Json]) -> Callable[[int], Shot]:
    return lambda n: _post("/explain", {"limit": 1, **shape(n)})


OTHERS: dict[str, Callable[[int], Shot]] = {
    "explain: or of boxes": _searched(SEARCHES["or of boxes"], "/explain"),
    "explain: or of comparisons, no collections": _unnamed(SEARCHES["or of comparisons"]),
    "explain: or of short patterns, no collections": _unnamed(
        lambda n: _or(n, lambda i: _op("like", PLATFORM, f"x{i}%"))
    ),
    "sort with many terms": lambda n: _post(
        "/search",
        {
            **_ALPS,
            **_or(n, lambda i: _op("<", CLOUD, -i)),
            "bbox": [-180, -90, 180, 90],
            "sortby": [{"field": "datetime", "direction": "desc"}],
        },
    ),
    "explain: or of collections, no collections": _unnamed(SEARCHES["or of collections"]),
    "explain: ids, no collections": _unnamed(SEARCHES["ids"]),
    "get: ids repeated": lambda n: Shot("/search?collections=naip" + "&ids=a" * min(n, 5400)),
    "get: parameters repeated": lambda n: Shot("/search?" + "a=&" * min(n, 10_900)),
    "get: commas": lambda n: Shot(f"/search?collections=naip&fields={',a' * min(n, 16_000)}"),
    "get: queryables of collections": lambda n: Shot(f"/queryables?collections={f'{LANDSAT},' * min(n, 1900)}"),
    "collections: q": lambda n: Shot("/collections?q=" + ",".join("a" * 30 for _ in range(min(n, 20)))),
    "collections: a long q": lambda n: Shot("/collections?q=" + "a%20" * min(n, 8000)),
    "collections: filter": lambda n: Shot(f"/collections?filter={json.dumps(_titles(min(n, 400)))}"),
    "sign: empty lists": lambda n: Shot("/sign", b'{"type":"Feature","x":[' + b",".join([b"[]"] * (10 * n)) + b"]}"),
    "sign: empty objects": lambda n: Shot("/sign", b'{"type":"Feature","x":[' + b",".join([b"{}"] * (10 * n)) + b"]}"),
    "sign: a text": lambda n: Shot("/sign", b'{"type":"Feature","x":"' + b"\\u00e9" * (8 * n) + b'"}'),
    "sign: hrefs": lambda n: _post("/sign", {"hrefs": ["http://a/collections/a/items/b/assets/c/d"] * n}),
    "sign: no JSON": lambda n: Shot("/sign", b"x" * (40 * n)),
    "post: no JSON": lambda n: Shot("/search", b"[" * n),
}

SHAPES: dict[str, Callable[[int], Shot]] = {
    **{f"search: {name}": _searched(shape) for name, shape in SEARCHES.items()},
    **OTHERS,
}


# -- measuring ------------------------------------------------------------------------------------------------------


@dataclass
class Steps:
    """The longest step of one thread's event loop, in seconds of CPU."""

    thread: int | None = None
    longest: float = 0

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Measure every step of ``asyncio`` loops of the thread."""
        run = asyncio.Handle._run

        def run_measured(handle: asyncio.Handle) -> None:
            started = time.thread_time()
            run(handle)
            if threading.get_ident() == self.thread:
                self.longest = max(self.longest, time.thread_time() - started)

        asyncio.Handle._run = run_measured  # type: ignore[method-assign]
        try:
            yield
        finally:
            asyncio.Handle._run = run  # type: ignore[method-assign]


@dataclass(frozen=True)
class Stall:
    """What one request did to the others. Times in seconds."""

    name: str
    shot: Shot
    status: int
    duration: float
    cpu: float
    """CPU time of the process beyond that of the pings."""
    step: float
    """The longest step of the event loop, in CPU time."""
    pings: Sequence[float] = field(repr=False)

    @property
    def p99(self) -> float:
        """The 99th percentile of the pings that were due while the request ran."""
        return statistics.quantiles(self.pings, n=100, method="inclusive")[98] if len(self.pings) > 1 else self.pings[0]

    @property
    def per_kilobyte(self) -> float:
        """Seconds of stall for each kilobyte of the request."""
        return self.p99 / (self.shot.bytes / 1024)

    @property
    def is_accepted(self) -> bool:
        """Whether it was not refused."""
        return self.status < 400 or self.status == 504

    def __str__(self) -> str:
        figures = f"ping {1e3 * self.p99:5.0f} ms, step {1e3 * self.step:5.0f} ms, CPU {self.cpu:5.2f} s"
        return f"{figures}, {self.duration:5.2f} s, {self.status}, {self.shot.bytes:>9,} bytes: {self.name}"


class Range:
    """A server to shoot at."""

    def __init__(self, address: str, steps: Steps, pings: _Pings) -> None:
        self._steps = steps
        self._pings = pings
        self.ping_cpu = 0.0
        """Seconds of CPU that the server spends on a ping."""
        self._client = httpx.Client(base_url=address, timeout=120)

    def stall(self, name: str, shot: Shot) -> Stall:
        """Send a request, and pings while it runs."""
        self._steps.longest = 0
        started, cpu = time.monotonic(), time.process_time()
        status = self._send(shot)
        ended, cpu = time.monotonic(), time.process_time() - cpu
        pings = self._pings.between(started, ended)
        cpu = max(0.0, cpu - len(pings) * self.ping_cpu)
        stall = Stall(name, shot, status, ended - started, cpu, self._steps.longest, pings)
        print(stall, file=sys.stderr, flush=True)
        return stall

    def measure_ping(self, seconds: float) -> None:
        """Measure what pings cost while nothing else runs."""
        started, cpu = time.monotonic(), time.process_time()
        time.sleep(seconds)
        cpu = time.process_time() - cpu
        self.ping_cpu = cpu / len(self._pings.between(started, time.monotonic()))

    def _send(self, shot: Shot) -> int:
        method = "GET" if shot.body is None else "POST"
        headers = {"Content-Type": "application/json"} if shot.body else {}
        try:
            with self._client.stream(method, shot.path, content=shot.body, headers=headers) as response:
                for _part in response.iter_raw():  # decoding it would be the client's work
                    pass
                return response.status_code
        except httpx.TimeoutException:
            return _NO_RESPONSE


_PINGER = """
import socket, sys, time
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    sent = time.monotonic()
    connection.sendall(b"GET /_mgmt/ping HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n")
    connection.recv(65536)
    latency = time.monotonic() - sent
    print(sent, latency, flush=True)
    time.sleep(max(0, INTERVAL - latency))
"""


class _Pings:
    """Pings from a process of their own, one after another: in this one they would wait for the interpreter, too."""

    def __init__(self, address: str) -> None:
        self._latencies: list[tuple[float, float]] = []
        code, port = _PINGER.replace("INTERVAL", str(PING_INTERVAL)), address.rpartition(":")[2]
        self._process = subprocess.Popen([sys.executable, "-c", code, port], stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def between(self, start: float, end: float) -> list[float]:
        """The latencies of the pings that were under way at any time between two, once those have returned."""
        while not self._latencies or self._latencies[-1][0] < end:
            time.sleep(PING_INTERVAL)
        latencies, self._latencies = self._latencies, []
        return [latency for sent, latency in latencies if sent <= end and sent + latency >= start] or [0.0]

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            sent, latency = map(float, line.split())
            self._latencies.append((sent, latency))


class _Upstream(httpx.AsyncBaseTransport):
    """A sandbox whose scene-search always returns the same scenes, at once: making them takes it seconds."""

    def __init__(self) -> None:
        self._sandbox = httpx.ASGITransport(create_sandbox(base_url=ORIGIN))
        self._scenes: list[bytes] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        if not request.url.path.endswith("/scene-search"):
            return await self._sandbox.handle_async_request(request)
        query = orjson.loads(await request.aread())
        if not self._scenes:
            self._scenes = await self._read_scenes(request)
        start, size = query.get("startingNumber", 1), query["maxResults"]
        chosen = itertools.islice(itertools.cycle(self._scenes), start % len(self._scenes), None)
        counts = f'"recordsReturned":{size},"totalHits":{10**6},"startingNumber":{start},"nextRecord":{start + size}'
        results = b",".join(itertools.islice(chosen, size))
        content = b'{"data":{"results":[%s],%s},"errorCode":null,"requestId":1}' % (results, counts.encode())
        return httpx.Response(200, content=content, headers={"Content-Type": "application/json"})

    async def _read_scenes(self, request: httpx.Request) -> list[bytes]:
        query = {"datasetName": LANDSAT, "maxResults": SCENES, "metadataType": "full"}
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        real = httpx.Request("POST", request.url, content=orjson.dumps(query), headers=headers)
        response = await self._sandbox.handle_async_request(real)
        return [orjson.dumps(scene) for scene in orjson.loads(await response.aread())["data"]["results"]]


@contextlib.contextmanager
def _range(folder: Path) -> Iterator[Range]:
    steps, upstream = Steps(), _Upstream()
    settings = Settings.model_validate({"m2m_url": M2M, "m2m_username": "stalls", "m2m_token": "t", "data_dir": folder})
    app = create_app(settings, transport=upstream, download_transport=upstream, own_origin=ORIGIN)
    tune_garbage_collection()
    with contextlib.ExitStack() as stack:
        stack.enter_context(steps.measured())
        address, thread = stack.enter_context(in_thread(lambda _at: app, loop="asyncio"))
        steps.thread = thread.ident
        pings = _Pings(address)
        stack.callback(pings.stop)
        target = Range(address, steps, pings)
        for shape in ("search: limit", "explain: or of collections, no collections"):
            target.stall("warm-up", SHAPES[shape](1))
        target.measure_ping(1.0)
        yield target


# -- searching ------------------------------------------------------------------------------------------------------


def run(size: Size) -> list[Figure]:
    """Measure at a size."""
    with tempfile.TemporaryDirectory() as folder, _range(Path(folder)) as target:
        worst = [_worst_of_shape(target, name, size) for name in list(SHAPES)[: size.shapes]]
        ranked = sorted(worst, key=lambda stall: stall.p99, reverse=True)
        searches = [stall for stall in ranked if stall.name.startswith("search: ") and stall.is_accepted]
        pairs = itertools.islice(itertools.combinations(searches[:5], 2), size.combinations)
        worst += [_best_of(target, f"{a.name} + {b.name}", _merged(a.shot, b.shot), size.repetitions) for a, b in pairs]
    accepted = [stall for stall in worst if stall.is_accepted]
    refused = [stall for stall in worst if not stall.is_accepted]
    return [*_figures("accepted", accepted), *_figures("refused", refused)]


def _worst_of_shape(target: Range, name: str, size: Size) -> Stall:
    """Grow a shape to its largest size, and repeat its worst size: the best of several runs counts."""
    sizes = sorted({round(size.largest ** ((step + 1) / size.steps)) for step in range(size.steps)})
    tried = [target.stall(name, SHAPES[name](count)) for count in sizes]
    accepted = [stall for stall in tried if stall.is_accepted]
    worst = max(accepted or tried, key=lambda stall: max(stall.p99, stall.step))
    again = [target.stall(name, worst.shot) for _ in range(size.repetitions - 1)]
    return min([worst, *again], key=_p99)


def _best_of(target: Range, name: str, shot: Shot, repetitions: int) -> Stall:
    return min((target.stall(name, shot) for _ in range(repetitions)), key=_p99)


def _merged(one: Shot, other: Shot) -> Shot:
    """Both searches in one: their filters joined by or, and the parameters of both."""
    first, second = json.loads(one.body or b"{}"), json.loads(other.body or b"{}")
    merged = {**first, **second, "limit": max(first["limit"], second["limit"])}
    if "filter" in first and "filter" in second and {first["filter-lang"], second["filter-lang"]} == {"cql2-json"}:
        merged["filter"] = _op("or", first["filter"], second["filter"])
    return _post("/search", merged)


def _figures(kind: str, stalls: Sequence[Stall]) -> list[Figure]:
    if not stalls:
        return []
    slowest, longest, dearest = (max(stalls, key=key) for key in (_p99, lambda one: one.step, lambda one: one.cpu))
    densest = max(stalls, key=lambda stall: stall.per_kilobyte)
    return [
        Figure(f"{kind}: 99th percentile of pings, worst request ({slowest.name})", 1e3 * slowest.p99, "ms", STALL),
        Figure(f"{kind}: longest step, CPU ({longest.name})", 1e3 * longest.step, "ms", STALL),
        Figure(f"{kind}: CPU of one request ({dearest.name})", dearest.cpu, "s", CPU),
        Figure(f"{kind}: stall per kilobyte of request ({densest.name})", 1e3 * densest.per_kilobyte, "ms"),
    ]


def _p99(stall: Stall) -> float:
    return stall.p99


BENCHMARK = Benchmark(run, full=Size(), tiny=Size(shapes=3, largest=4, steps=1, combinations=1, repetitions=1))

if __name__ == "__main__":
    BENCHMARK.command()
