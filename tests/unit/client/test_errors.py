"""Messages from an API are shown safely."""

from __future__ import annotations

from stac_bridge.client.errors import one_line


def test_untrusted_text_has_no_control_characters() -> None:
    assert one_line("all\x1b[2J gone\n\tnow") == "all [2J gone now"
