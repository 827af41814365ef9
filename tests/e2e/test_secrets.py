"""What opens something comes by the environment, and goes nowhere: no ``ps``, no log, no traceback tells it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import typer

from stac_bridge.cli import app
from tests.serving import started

TOKEN, KEY, PASSWORD = "an-application-token", "a-key-that-signs-hrefs", "the-stores-own-password"
FAILS = """
import stac_bridge.bridge as bridge
async def search(self, search):
    token = self._m2m._session.auth._token
    raise RuntimeError(f"X-Auth-Token: {'k' * 40}; logging in with {token}; {self._keys[0].decode()}")
bridge.Bridge.search = search
"""
"""A fault whose text has it all."""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_in_the_log_has_no_secret_and_the_answer_has_no_traceback(tmp_path: Path, form: str) -> None:
    account = {"m2m_url": "http://127.0.0.1:9/", "m2m_username": "u", "m2m_token": TOKEN, "signing_keys": KEY}
    with started("serve", tmp_path, before=FAILS, log=form, log_level="debug", **account) as (api, log):
        request = urllib.request.Request(f"{api}/search?limit=1", headers={"X-Request-ID": "mine-1"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        pages = [urllib.request.urlopen(api + page).read().decode() for page in ("/_mgmt/metrics", "/api", "/")]
    said, told = log.read_text(), refused.value.read().decode()
    assert refused.value.code == 500
    assert "RuntimeError" in said
    assert "mine-1" in said
    assert not [secret for secret in (TOKEN, KEY, "k" * 40) if secret in "\n".join([said, told, *pages])]
    assert not [command for command in commands if TOKEN.encode() in command or KEY.encode() in command]
    if form == "json":
        records = [json.loads(line) for line in said.splitlines()]
        failed = [one for one in records if one.get("request_id") == "mine-1"]
        assert {"path": "/search", "status": 500, "method": "GET"}.items() <= failed[-1].items()
        assert any("Traceback" in one.get("traceback", "") for one in failed)


def test_a_store_that_is_refused_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as ended, started("serve", tmp_path, store=f"redis://:{PASSWORD}@127.0.0.1:9"):
        pass
    assert "STAC_BRIDGE_STORE" in str(ended.value)
    assert PASSWORD not in str(ended.value)


def test_no_command_takes_a_secret_as_an_argument() -> None:
    commands = typer.main.get_command(app).commands.values()  # type: ignore[attr-defined]
    names = [option for one in commands for param in one.params for option in param.opts]
    assert len(names) > 15
    assert [name for name in names if re.search(r"token|password|secret|key(?!-lifetime)|user", name)] == []
