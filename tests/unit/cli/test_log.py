"""The log tells what happened, in lines or in objects, and nothing that opens something."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stac_bridge.cli.log import AsJson, AsText, Redactor, secrets_of
from stac_bridge.request_context import request_id
from stac_bridge.settings import Settings

SETTINGS = Settings(
    m2m_username="somebody",
    m2m_token="the-application-token",
    signing_keys="first-signing-key-1,second-signing-key",
    store="redis://user:the-redis-password@cache.invalid:6379/0",
)
KEY = "eyJjaWQiOjEyMzQ1LCJzIjoiMTcwMDAwMDAwMCJ9"
SIGNED = "https://landsatlook.usgs.gov/data/a_B4.TIF?requestSignature=eyJkb3dubG9hZEFwcCI6Ik0yTSJ9"
DDS = "https://dds.cr.usgs.gov/download/eyJpZCI6MSwiY29udGFjdElkIjo0Nzg5fQ=="
HREF = "/collections/c/items/i/assets/red/a.TIF?e=1795000000&x=LC8&s=abcdefghijklmnopqrstuvwx"

SECRETS = [
    ("Logging in with the-application-token", "the-application-token"),
    ("keys: first-signing-key-1, second-signing-key", "second-signing-key"),
    ("Connecting to redis://user:the-redis-password@cache.invalid:6379/0", "the-redis-password"),
    ("Error 111 connecting to redis://:other@cache.invalid", "other"),
    (f"X-Auth-Token: {KEY}", KEY),
    (f"headers={{'X-Auth-Token': '{KEY}', 'Accept': '*/*'}}", KEY),
    (f"[(b'x-auth-token', b'{KEY}'), (b'accept', b'*/*')]", KEY),
    (f"Headers({{'authorization': 'Bearer {KEY}'}})", KEY),
    (f"Authorization: Basic {KEY}", KEY),
    (json.dumps({"username": "u", "token": KEY}), KEY),
    (repr({"username": "u", "password": KEY}), KEY),
    (f"GET {SIGNED} HTTP/1.1", "eyJkb3dubG9hZEFwcCI6Ik0yTSJ9"),
    (f"Location: {DDS}", "eyJpZCI6MSwiY29udGFjdElkIjo0Nzg5fQ"),
    (f"Location: {DDS.replace('download', 'download-staging')}", "eyJpZCI6MSwiY29udGFjdElkIjo0Nzg5fQ"),
    ('{"downloadApp": "M2M", "contactId": 4789123}', "4789123"),
    (f"requestSignature={KEY}", KEY),
    (f'"GET {HREF} HTTP/1.1" 302', "abcdefghijklmnopqrstuvwx"),
    (f"http://127.0.0.1:8000{HREF}", "abcdefghijklmnopqrstuvwx"),
]

Writes = Callable[..., str]


@pytest.fixture(params=[AsText, AsJson])
def writes(request: pytest.FixtureRequest) -> Iterator[Writes]:
    """What is written of a record."""
    out, log = io.StringIO(), logging.Logger("under.test", logging.DEBUG)
    handler = logging.StreamHandler(out)
    handler.setFormatter(request.param(Redactor(secrets_of(SETTINGS))))
    log.addHandler(handler)

    def written(message: str, *args: Any, **more: Any) -> str:
        log.debug(message, *args, **more)
        return out.getvalue()

    return written


@pytest.mark.parametrize(("told", "secret"), SECRETS)
def test_no_secret_is_written_that_a_message_has(writes: Writes, told: str, secret: str) -> None:
    assert secret not in writes(told.replace("%", "%%"))


@pytest.mark.parametrize(("told", "secret"), SECRETS)
def test_no_secret_is_written_that_comes_as_an_argument(writes: Writes, told: str, secret: str) -> None:
    assert secret not in writes("It was %s, then %r.", told, told)


@pytest.mark.parametrize(("told", "secret"), SECRETS)
def test_no_secret_is_written_that_an_exception_tells(writes: Writes, told: str, secret: str) -> None:
    try:
        raise RuntimeError(told)
    except RuntimeError:
        said = writes("It failed", exc_info=True)
    assert "Traceback" in said
    assert secret not in said


@pytest.mark.parametrize(("told", "secret"), SECRETS)
def test_no_secret_is_written_that_a_field_has(writes: Writes, told: str, secret: str) -> None:
    assert secret not in writes("It was", extra={"fields": {"what": told, "deeper": {"in": [told]}}})


@pytest.mark.parametrize(
    "plain",
    [
        "scene-search: ok after 312 ms, 4 ms in the queue (M2M's request 1234567890)",
        "The token of this page has expired: search again.",
        "/download/LC08_L2SP_196028_20240728_20240807_02_T1.tar was kept",
        "The catalogue kept in /data/0123456789abcdef/catalogue.json cannot be read",
        "Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
        "Set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN to serve the real archive.",
    ],
)
def test_what_opens_nothing_is_written_as_it_is(plain: str) -> None:
    assert Redactor(secrets_of(SETTINGS))(plain) == plain


def test_an_object_has_the_requests_name_and_what_the_record_tells(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("a.logger", logging.INFO, __file__, 1, "Of %d", (3,), None)
    record.fields = {"status": 200, "duration_ms": 1.5}
    token = request_id.set("4bf92f35")
    try:
        said = json.loads(AsJson(Redactor()).format(record))
        line = AsText(Redactor()).format(record)
    finally:
        request_id.reset(token)
    assert {"level": "info", "logger": "a.logger", "message": "Of 3"}.items() <= said.items()
    assert (said["request_id"], said["status"], said["duration_ms"]) == ("4bf92f35", 200, 1.5)
    assert line == "INFO:     Of 3 [4bf92f35]"


def test_a_record_of_several_lines_is_one_object_on_one_line() -> None:
    record = logging.LogRecord("a.logger", logging.INFO, __file__, 1, "one\ntwo", (), None)
    assert "\n" not in AsJson(Redactor()).format(record)
