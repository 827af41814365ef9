"""A limit that is reached is in the log, once a minute."""

from __future__ import annotations

import logging

import pytest

from stac_bridge.limit_log import INTERVAL, LimitLog


def test_the_first_time_is_written_at_once_and_the_others_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    limits = LimitLog(logging.getLogger("test"), lambda: now)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            limits.reached("streams", "ten files are being sent")
        limits.reached("headers", "they are too large")
        now += INTERVAL
        limits.reached("streams", "ten files are being sent")
    assert [record.message for record in caplog.records] == [
        "Limit reached, streams: ten files are being sent.",
        "Limit reached, headers: they are too large.",
        "Limit reached, streams: ten files are being sent (5 times since the last record).",
    ]
