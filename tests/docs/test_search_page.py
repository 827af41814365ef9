"""What the page about searching says is what searches answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import Here

PAGE = Path(__file__).resolve().parents[2] / "docs" / "searching.md"
EXAMPLES = re.findall(r"^GET (.+)\n# (\d+)(.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.long
@pytest.mark.parametrize(("address", "status", "told"), EXAMPLES)
async def test_an_example_answers_what_the_page_says(here: Here, address: str, status: str, told: str) -> None:
    path, _, query = address.partition("?")
    answer = await here.get(path, **dict(one.split("=", 1) for one in query.split("&")))
    found = answer.json()
    assert answer.status_code == int(status), found
    if answer.is_error:
        assert found["detail"].startswith(told.strip())
    for number, what in re.findall(r"(\d+) (Items|matched)", told):
        assert found["numberReturned" if what == "Items" else "numberMatched"] == int(number)
