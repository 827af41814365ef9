"""A file that is ready within seconds is waited for, once for all its readers, and within bounds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.assets.resolve.download_answer import MAX_STAGING_WAIT
from stac_bridge.assets.resolve.staging_wait import POLL_INTERVAL, StagingWait
from stac_bridge.errors import AssetUnavailable, Staging, UpstreamBusy, UpstreamTimeout, UpstreamUnreachable
from stac_bridge.request_context import CallPriority, current_demand, request_deadline, time_left

ENOUGH = 60.0


class Clock:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await asyncio.sleep(0)
        self.now += seconds


class File:
    """A file that is ready at a time, and costs ``seconds`` to look for."""

    def __init__(self, clock: Clock, ready_at: float, seconds: float = 0.0) -> None:
        self._clock = clock
        self._ready_at = ready_at
        self._seconds = seconds
        self.attempts: list[float] = []

    async def attempt(self) -> str:
        self.attempts.append(self._clock.now)
        ready = self._clock.now >= self._ready_at
        self._clock.now += self._seconds
        if ready:
            return "source"
        raise preparing(5)


def preparing(retry_after: int | None = 5) -> Staging:
    return Staging("USGS is preparing this file.", retry_after=retry_after)


def waiting(seconds: float = 4.5) -> tuple[Clock, StagingWait[str]]:
    clock = Clock()
    return clock, StagingWait(seconds, clock, clock.sleep)


async def test_a_file_that_is_ready_at_the_first_attempt_is_returned() -> None:
    clock, wait = waiting()
    file = File(clock, ready_at=1)
    assert await wait.ready("file", file.attempt, preparing(), ENOUGH) == "source"
    assert clock.sleeps == [POLL_INTERVAL]


@given(
    seconds=st.floats(0.1, 60),
    ready_at=st.floats(0, 120),
    cost=st.floats(0, 3),
)
def test_attempts_are_an_interval_apart_and_none_begins_after_the_end(
    seconds: float, ready_at: float, cost: float
) -> None:
    clock, wait = waiting(seconds)
    file = File(clock, ready_at, cost)
    with contextlib.suppress(Staging):
        asyncio.run(wait.ready("file", file.attempt, preparing(), ENOUGH))
    interval = min(POLL_INTERVAL, seconds / 2)
    assert file.attempts[0] == interval, "there is one attempt at least"
    assert all(
        later - earlier >= interval - 1e-9 for earlier, later in zip(file.attempts, file.attempts[1:], strict=False)
    )
    assert all(at <= seconds + 1e-9 for at in file.attempts[1:])
    assert all(at < ready_at for at in file.attempts[:-1]), "the first that is ready is the last"


async def test_a_file_that_is_never_ready_is_staging_after_the_wait() -> None:
    clock, wait = waiting()
    with pytest.raises(Staging):
        await wait.ready("file", File(clock, ready_at=1e9).attempt, preparing(), ENOUGH)
    assert clock.sleeps == [POLL_INTERVAL] * 2


async def test_the_readers_of_a_file_share_one_wait_and_those_of_another_have_their_own() -> None:
    clock, wait = waiting()
    one, other = File(clock, ready_at=1), File(clock, ready_at=1)
    results = await asyncio.gather(
        *(wait.ready("one", one.attempt, preparing(), ENOUGH) for _ in range(50)),
        *(wait.ready("other", other.attempt, preparing(), ENOUGH) for _ in range(50)),
    )
    assert results == ["source"] * 100
    assert (len(one.attempts), len(other.attempts)) == (1, 1)


async def test_an_attempt_has_the_places_and_the_latest_deadline_of_all_readers() -> None:
    _clock, wait = waiting()
    seen: list[tuple[list[str], float]] = []

    async def attempt() -> str:
        seen.append((sorted(place.caller for place in current_demand().places), time_left()))
        return "source"

    async def read(caller: str, seconds: float) -> str:
        with request_deadline(seconds, caller, CallPriority.asset):
            return await wait.ready("file", attempt, preparing(), ENOUGH)

    await asyncio.gather(read("bulk", 50), read("browser", 500))
    ((callers, left),) = seen
    assert callers == ["browser", "bulk"]
    assert 400 < left <= 500


@pytest.mark.parametrize(
    ("staging", "limit", "setting"),
    [
        (preparing(), 0, 4.5),
        (preparing(), ENOUGH, 0),
        (preparing(MAX_STAGING_WAIT), ENOUGH, 4.5),
    ],
    ids=["the client wants no waiting", "the setting is 0", "a minute has passed already"],
)
async def test_nobody_waits(staging: Staging, limit: float, setting: float) -> None:
    clock, wait = waiting(setting)
    with pytest.raises(Staging) as raised:
        await wait.ready("file", File(clock, ready_at=0).attempt, staging, limit)
    assert raised.value is staging
    assert clock.sleeps == []


async def test_half_of_the_requests_time_is_left_for_reading() -> None:
    clock, wait = waiting()
    with request_deadline(0), pytest.raises(Staging):
        await wait.ready("file", File(clock, ready_at=0).attempt, preparing(), ENOUGH)
    assert clock.sleeps == []


@pytest.mark.parametrize("error", [UpstreamBusy, UpstreamTimeout, UpstreamUnreachable])
async def test_a_file_stays_staging_if_m2m_does_not_answer_the_attempt(error: type[Exception]) -> None:
    _clock, wait = waiting()

    async def attempt() -> str:
        raise error("M2M is down.")

    with pytest.raises(Staging):
        await wait.ready("file", attempt, preparing(), ENOUGH)


async def test_what_else_the_attempt_raises_reaches_the_reader() -> None:
    _clock, wait = waiting()

    async def attempt() -> str:
        raise AssetUnavailable("USGS could not prepare this file.")

    with pytest.raises(AssetUnavailable):
        await wait.ready("file", attempt, preparing(), ENOUGH)


def endless(ended: list[str]) -> Callable[[float], Awaitable[None]]:
    """A sleep that never ends by itself, and notes that it was canceled."""

    async def sleep(_seconds: float) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("canceled")

    return sleep


async def test_a_reader_with_less_time_leaves_before_the_others_and_the_last_ends_the_wait() -> None:
    ended: list[str] = []
    wait = StagingWait[str](60, Clock(), endless(ended))
    file = File(Clock(), ready_at=0)
    patient = asyncio.create_task(wait.ready("file", file.attempt, preparing(), ENOUGH))
    await asyncio.sleep(0)
    with pytest.raises(Staging):
        await wait.ready("file", file.attempt, preparing(), 0.01)
    assert ended == []
    patient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await patient
    await asyncio.sleep(0)
    assert ended == ["canceled"]
    assert file.attempts == []


async def test_a_wait_that_ended_is_not_reused() -> None:
    clock, wait = waiting()
    file = File(clock, ready_at=6)
    with pytest.raises(Staging):
        await wait.ready("file", file.attempt, preparing(), ENOUGH)
    assert await wait.ready("file", file.attempt, preparing(), ENOUGH) == "source"
