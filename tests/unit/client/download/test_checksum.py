"""Files are compared with multihashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from stac_bridge.client.download.checksum import matches_checksum


@pytest.mark.parametrize(
    ("code", "algorithm"),
    [("11", "sha1"), ("12", "sha256"), ("13", "sha512"), ("20", "sha384"), ("16", "sha3_256"), ("d501", "md5")],
)
def test_a_checksum_matches_its_own_file_only(tmp_path: Path, code: str, algorithm: str) -> None:
    digest = hashlib.new(algorithm, b"bytes").digest()
    checksum = f"{code}{len(digest):02x}{digest.hex()}"
    (tmp_path / "a").write_bytes(b"bytes")
    (tmp_path / "b").write_bytes(b"others")
    assert matches_checksum(tmp_path / "a", checksum)
    assert not matches_checksum(tmp_path / "b", checksum)


@pytest.mark.parametrize("checksum", [None, "", "b220" + "00" * 32, "not hex", "1220"])
def test_an_unreadable_checksum_matches_any_file(tmp_path: Path, checksum: str | None) -> None:
    (tmp_path / "a").write_bytes(b"bytes")
    assert matches_checksum(tmp_path / "a", checksum)
