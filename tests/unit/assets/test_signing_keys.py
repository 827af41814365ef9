"""The keys of the settings, or one that is generated and stored."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stac_bridge.assets import load_keys
from stac_bridge.errors import BridgeError

KEY, OTHER = b"0123456789abcdef", b"fedcba9876543210"


def test_a_generated_key_is_stored_readable_for_its_owner_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    (made,) = load_keys([], tmp_path / "data")
    path = tmp_path / "data" / "signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in caplog.text
    assert made.decode() not in caplog.text
    assert load_keys([], tmp_path / "data") == (made,)
    assert [file.name for file in path.parent.iterdir()] == ["signing.key"]


def test_concurrent_starts_end_with_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_keys([], tmp_path), range(64)))
    assert len(keys) == 1


def test_configured_keys_keep_their_order_and_none_is_generated(tmp_path: Path) -> None:
    assert load_keys(["0123456789abcdef", "fedcba9876543210"], tmp_path) == (KEY, OTHER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keys", [["short"], ["0123456789abcdef", ""]])
def test_a_short_key_is_refused(tmp_path: Path, keys: list[str]) -> None:
    with pytest.raises(BridgeError, match="16 characters"):
        load_keys(keys, tmp_path)


def test_a_key_that_cannot_be_stored_lasts_for_the_process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    assert load_keys([], tmp_path / "file" / "data")
    assert "when this process ends" in caplog.text
