"""The log as text and as JSON, without secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stac_bridge.cli.output.log import JsonFormatter, Redactor, TextFormatter, secrets_of
from stac_bridge.request_context import request_id
from stac_bridge.settings import Settings

SETTINGS = Settings(
    m2m_username="someone",
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

Write = Callable[..., str]


@pytest.fixture(params=[TextFormatter, JsonFormatter])
def write_log(request: pytest.FixtureRequest) -> Iterator[Write]:
    """A function that logs a record and returns what was written."""
    out, log = io.StringIO(), logging.Logger("under.test", logging.DEBUG)
    handler = logging.StreamHandler(out)
    handler.setFormatter(request.param(Redactor(secrets_of(SETTINGS))))
    log.addHandler(handler)

    def write(message: str, *args: Any, **options: Any) -> str:
        log.debug(message, *args, **options)
        return out.getvalue()

    return write


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_in_a_message_are_removed(write_log: Write, text: str, secret: str) -> None:
    assert secret not in write_log(text.replace("%", "%%"))


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_in_arguments_are_removed(write_log: Write, text: str, secret: str) -> None:
    assert secret not in write_log("It was %s, then %r.", text, text)


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_in_a_traceback_are_removed(write_log: Write, text: str, secret: str) -> None:
    try:
        raise RuntimeError(text)
    except RuntimeError:
        logged = write_log("It failed", exc_info=True)
    assert "Traceback" in logged
    assert secret not in logged


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_secrets_in_fields_are_removed(write_log: Write, text: str, secret: str) -> None:
    assert secret not in write_log("It was", extra={"fields": {"what": text, "deeper": {"in": [text]}}})


@pytest.mark.parametrize(
    "plain",
    [
        "scene-search: ok after 312 ms, 4 ms in the queue (M2M request 1234567890)",
        "The token of this page has expired: search again.",
        "/download/LC08_L2SP_196028_20240728_20240807_02_T1.tar was kept",
        "The catalog in /data/0123456789abcdef/catalog.json cannot be read",
        "Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
        "Set STAC_BRIDGE_M2M_USERNAME and STAC_BRIDGE_M2M_TOKEN to serve the real archive.",
    ],
)
def test_text_without_secrets_is_unchanged(plain: str) -> None:
    assert Redactor(secrets_of(SETTINGS))(plain) == plain


def test_an_object_has_the_request_id_and_the_records_fields(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("a.logger", logging.INFO, __file__, 1, "Of %d", (3,), None)
    record.fields = {"status": 200, "duration_ms": 1.5}
    token = request_id.set("4bf92f35")
    try:
        document = json.loads(JsonFormatter(Redactor()).format(record))
        line = TextFormatter(Redactor()).format(record)
    finally:
        request_id.reset(token)
    assert {"level": "info", "logger": "a.logger", "message": "Of 3"}.items() <= document.items()
    assert (document["request_id"], document["status"], document["duration_ms"]) == ("4bf92f35", 200, 1.5)
    assert line == "INFO:     Of 3 [4bf92f35]"


def test_a_record_of_several_lines_is_written_on_one_line() -> None:
    record = logging.LogRecord("a.logger", logging.INFO, __file__, 1, "one\ntwo", (), None)
    assert "\n" not in JsonFormatter(Redactor()).format(record)
