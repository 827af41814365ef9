"""Literals of a filter in the types of its properties."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.errors import BadRequest
from stac_bridge.mapping.queryables import CORE_QUERYABLES
from stac_bridge.search.cql2.literals import type_literals
from stac_bridge.search.cql2.parser import TEMPORAL, read_filter

Json = dict[str, Any]

START, END = "2000-02-01T00:00:00Z", "2000-03-01T12:00:00Z"


def typed(value: str | Json) -> Json:
    return type_literals(read_filter(value), CORE_QUERYABLES)


def temporal(op: str, argument: Any) -> Json:
    return {"op": op, "args": [{"property": "datetime"}, argument]}


@pytest.mark.parametrize("op", ["anyinteracts", *sorted(TEMPORAL)])
def test_an_interval_may_be_one_text_or_a_list_of_two(op: str) -> None:
    expected = typed(temporal(op, {"interval": [START, END]}))
    text = f"{START}/{END}"
    for argument in (text, [START, END], {"timestamp": text}, {"interval": [text]}):
        assert typed(temporal(op, argument)) == expected
        turned = temporal(op, argument)
        turned["args"].reverse()
        assert typed(turned)["args"] == expected["args"][::-1]
    for argument in (f"'{text}'", f"INTERVAL('{text}')", f"TIMESTAMP('{text}')"):
        assert typed(f"{op.upper()}(datetime, {argument})") == expected


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        (f"{START}/..", [START, ".."]),
        (f"../{END}", ["..", END]),
        (f"{START}/", [START, ".."]),
        ("2000-02-01/2000-02-03", ["2000-02-01", "2000-02-03"]),
    ],
)
def test_an_interval_in_one_text_may_be_open_or_of_days(text: str, interval: list[str]) -> None:
    expected = typed(temporal("t_intersects", {"interval": interval}))
    assert typed(temporal("t_intersects", text)) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (temporal("t_intersects", "a/b/c"), "has the interval 'a/b/c'; write INTERVAL"),
        (temporal("t_intersects", [START]), "write INTERVAL"),
        (temporal("t_intersects", {"interval": [START, END, END]}), "an interval of 3 times"),
        (temporal("t_intersects", {"interval": f"{START}/{END}"}), 'or the text "start/end" alone'),
        (temporal("t_intersects", "2000-02/2000-03"), "2000-02 is from 2000-02-01T00:00:00Z to 2000-02-29T23:59:59Z"),
        (temporal("t_intersects", "2000"), "2000 is from 2000-01-01T00:00:00Z"),
        ({"op": ">=", "args": [{"property": "datetime"}, f"{START}/{END}"]}, "T_INTERSECTS"),
        (temporal("t_intersects", f"{END}/{START}"), "ends before it starts .*; put the earlier time first"),
        ("T_DURING(datetime, INTERVAL('2000-02-02','2000-02-01'))", "ends before it starts"),
    ],
)
def test_an_interval_that_cannot_be_read_is_refused_with_the_form_to_use(value: Json, message: str) -> None:
    with pytest.raises(BadRequest, match=message) as caught:
        typed(value)
    assert "two of them with a slash" not in str(caught.value)


@pytest.mark.parametrize(
    ("filter_", "value"),
    [
        ('"eo:cloud_cover" < 5 + 5', 10),
        ('"eo:cloud_cover" < 7 div 2 * 3', 9),
        ('"eo:cloud_cover" < -7 % 3', -1),
        ('"eo:cloud_cover" < 2 ^ 3', 8),
        ({"op": "<", "args": [{"property": "eo:cloud_cover"}, {"op": "/", "args": [5, 2]}]}, 2.5),
    ],
)
def test_arithmetic_on_numbers_alone_is_a_number(filter_: str | Json, value: float) -> None:
    assert read_filter(filter_)["args"] == [{"property": "eo:cloud_cover"}, value]


@pytest.mark.parametrize("value", ["1 / 0", "5 % 0", "5 div 0", "(0 - 8) ^ 0.5", "2 ^ 100000", "1e308 * 10"])
def test_arithmetic_without_a_result_is_refused(value: str) -> None:
    with pytest.raises(BadRequest, match="which is no number"):
        read_filter(f'"eo:cloud_cover" < {value}')


def test_folded_texts_may_be_folded_again() -> None:
    twice = {"op": "accenti", "args": [{"op": "casei", "args": ["X"]}]}
    assert typed("ACCENTI(CASEI(id)) = ACCENTI(CASEI('X'))")["args"][1] == twice
