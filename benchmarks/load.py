"""A hundred clients at once on one account, of which M2M serves one request at a time and takes 0.3 s for it.

Once with one process, once with three workers that share the account by way of Redis. Everything is on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.crowd import Outcome, crowd
from benchmarks.workload import explored
from tests.redis_server import FOUND, RedisServer
from tests.serving import started

__all__ = ["bridged", "run", "seen"]

CLIENTS, REQUESTS = 100, 100
"""Everybody asks the same number of things: whoever had to stop in the middle would be judged by the slow ones."""
SECONDS = 900.0
"""Nobody asks anything new after so long."""
LATENCY = 0.3


def main() -> None:
    """Print the figures."""
    print(f"{CLIENTS} clients, {REQUESTS} requests each, M2M taking {LATENCY} s a call, all on this machine:")
    with tempfile.TemporaryDirectory() as folder:
        _print("one process", *run(Path(folder), clients=CLIENTS, requests=REQUESTS, seconds=SECONDS))
    if FOUND is None:
        print("  three workers: NOT MEASURED, no redis-server is installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        told = run(Path(folder), clients=CLIENTS, requests=REQUESTS, seconds=SECONDS, workers=3)
        _print("three workers on Redis", *told)


def run(
    folder: Path, *, clients: int, requests: int, seconds: float, latency: float = LATENCY, workers: int = 1
) -> tuple[Outcome, dict[str, Any]]:
    """How the clients fared, and what the sandbox saw of it."""
    with bridged(folder, latency=latency, workers=workers) as (address, sandbox):
        outcome = asyncio.run(_asked(address, clients, requests, seconds))
        return outcome, seen(sandbox)


async def _asked(address: str, clients: int, requests: int, seconds: float) -> Outcome:
    workload = await explored(address)
    return await crowd(address, workload.of, clients=clients, requests=requests, seconds=seconds)


@contextlib.contextmanager
def bridged(folder: Path, *, latency: float, workers: int = 1, **settings: str) -> Iterator[tuple[str, str]]:
    """The addresses of a server, and of the sandbox that it asks; with several workers, on a Redis of their own."""
    with contextlib.ExitStack() as running:
        sandbox, _log = running.enter_context(started("sandbox", folder, "--faults", "--latency", str(latency)))
        told = {"m2m_url": f"{sandbox}/api/api/json/stable/", "m2m_username": "crowd", "m2m_token": "a-token"}
        told |= {"download_hosts": "127.0.0.1", "signing_keys": "a-key-for-measuring-only"}
        if workers > 1:
            redis = RedisServer(folder)
            redis.start()
            running.callback(redis.kill)
            told["store"] = redis.url
        more = ("--workers", str(workers)) if workers > 1 else ()
        yield running.enter_context(started("serve", folder, *more, **{**told, **settings}))[0], sandbox


def seen(sandbox: str) -> dict[str, Any]:
    """What the sandbox has seen: calls, and requests of an account that were in flight at once."""
    with urllib.request.urlopen(f"{sandbox}/__sandbox/seen") as answer:
        said: dict[str, Any] = json.load(answer)
        return said


def _print(what: str, outcome: Outcome, told: dict[str, Any]) -> None:
    medians, (middle, slowest) = [1e3 * one for one in outcome.medians], outcome.means()
    calls = sum(told["calls"].values())
    print(f"  {what}: {len(outcome.every)} requests in {outcome.seconds:.0f} s, at least {outcome.fewest()} a client")
    print(f"    errors {len(outcome.errors)}, most in flight at M2M {told['in_flight_max']} (target: 0, and 1)")
    print(f"    calls of M2M {calls}, logins {told['calls']['login-token']}, asked without a call {outcome.hits:.0%}")
    print(
        f"    median of a client: quickest {medians[0]:.0f} ms, middle {statistics.median(medians):.0f} ms, "
        f"slowest {medians[-1]:.0f} ms: {outcome.unfairness:.1f} times the middle one's (target: 3)"
    )
    print(f"    mean of a client: middle {middle:.2f} s, slowest {slowest:.2f} s: {slowest / middle:.1f} times")
    for error in sorted(set(outcome.errors))[:3]:
        print(f"    failed: {error[:160]}")


if __name__ == "__main__":
    main()
