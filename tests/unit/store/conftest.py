"""One Redis for all tests here, empty before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.redis_server import FOUND, RedisServer


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if FOUND is None:
        pytest.skip("NO redis-server IS INSTALLED: what several workers share is not tested")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis(_server: RedisServer) -> RedisServer:
    if _server.process is None:
        _server.start()
    _server.go_on()
    _server.say("FLUSHALL")
    return _server
